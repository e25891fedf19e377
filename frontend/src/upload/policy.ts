/** The server's limits, asked for once in a while and shared by all uploads. */

import type { Environment } from "./environment";
import { ANSWER_MS } from "./persist";
import type { UploadApi, UploadPolicy } from "./types";
import { withPatience } from "./waiting";

const KEPT_MS = 5 * 60_000;

export function cachedPolicy(api: UploadApi, env: Environment): () => Promise<UploadPolicy> {
  let kept: Promise<UploadPolicy> | null = null;
  let staleAt = 0;

  return () => {
    if (kept && env.now() < staleAt) return kept;
    // No upload's signal: others wait for the same answer.
    const own = new AbortController().signal;
    const asked = withPatience(env, ANSWER_MS, own, (signal) => api.policy(signal));
    kept = asked;
    staleAt = env.now() + KEPT_MS;
    asked.catch(() => {
      if (kept === asked) kept = null;
    });
    return asked;
  };
}
