/** The bytes on their way to the store: how long to wait for it, and what its answers mean. */

import type { Environment } from "./environment";
import { Problem } from "./problem";
import type { Put, UploadInstructions } from "./types";
import { withPatience } from "./waiting";

const STALL_MS = 30_000;
/** What was handed over last may be in buffers on the way for long, and nothing tells of it. */
const LAST_BYTES_MS = 120_000;

export interface Sending {
  env: Environment;
  put: Put;
  signal: AbortSignal;
  onProgress(sentBytes: number): void;
}

export async function send(
  file: Blob,
  upload: UploadInstructions,
  { env, put, signal, onProgress }: Sending,
): Promise<void> {
  const total = file.size;
  const { status, retryAfterMs } = await withPatience(env, STALL_MS, signal, (own, heard) =>
    put(upload, file, {
      signal: own,
      onProgress(bytes) {
        if (own.aborted) return;
        const sentBytes = Math.min(bytes, total);
        heard(sentBytes < total ? STALL_MS : LAST_BYTES_MS);
        onProgress(sentBytes);
      },
    }),
  );
  if (status < 200 || status > 299) throw refusal(status, retryAfterMs);
}

/** The store's answer in the API's words. */
function refusal(status: number, retryAfterMs: number | null): Problem {
  const isBusy = status >= 500 || status === 429;
  const code =
    status === 507 ? "object_store_full" : isBusy ? "object_store_unavailable" : "store_refused";
  return new Problem({ code, status, retryAfterMs, context: { status } });
}
