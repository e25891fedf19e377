/** Trying again: how long to wait, and calls on the side that nothing hangs on. */

import type { Environment } from "./environment";
import { asProblem, type Problem } from "./problem";
import { lossBy, pauseMs } from "./recovery";
import type { UploadState } from "./types";
import { sleep, untilOnline, withPatience } from "./waiting";

/**
 * An API that says nothing for so long says nothing at all; it promises an answer in five seconds.
 */
export const ANSWER_MS = 30_000;
const TRIES_ON_THE_SIDE = 3;

/**
 * Whether waiting for the network beats trying. Asked after a failure only: a server may be on this
 * machine.
 */
export function isOffline(env: Environment, problem: Problem): boolean {
  return problem.code === "connection_lost" && !env.isOnline();
}

/** Waits before the next try, and tells why. */
export async function rest(
  env: Environment,
  problem: Problem,
  setbacks: number,
  signal: AbortSignal,
  tell: (pause: UploadState["pause"]) => void = () => {},
): Promise<void> {
  if (isOffline(env, problem)) {
    tell({ reason: "offline", until: null });
    await untilOnline(env, signal);
  } else {
    const ms = pauseMs(setbacks, problem, env.random);
    const reason = problem.code === "rate_limited" ? "rate" : "retry";
    tell({ reason, until: Date.now() + ms });
    await sleep(env, ms, signal);
  }
  tell(null);
}

/** A call that is tried a few times, as long as trying again may help. */
export async function persist<T>(
  env: Environment,
  signal: AbortSignal,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  for (let setbacks = 1; ; setbacks += 1) {
    try {
      return await withPatience(env, ANSWER_MS, signal, call);
    } catch (error) {
      signal.throwIfAborted();
      const problem = asProblem(error);
      if (setbacks === TRIES_ON_THE_SIDE || lossBy(problem) !== "nothing") throw problem;
      await rest(env, problem, setbacks, signal);
    }
  }
}
