/** Ways to wait that end when their signal says so. */

import type { Environment } from "./environment";

/** What comes of `promise`, or the reason of `signal`, whichever is first. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

export async function sleep(env: Environment, ms: number, signal: AbortSignal): Promise<void> {
  let callOff = () => {};
  const slept = new Promise<void>((wake) => {
    callOff = env.after(ms, wake);
  });
  await abortable(slept, signal).finally(callOff);
}

export async function untilOnline(env: Environment, signal: AbortSignal): Promise<void> {
  let callOff = () => {};
  const returned = new Promise<void>((wake) => {
    callOff = env.onOnline(wake);
  });
  if (!env.isOnline()) await abortable(returned, signal).finally(callOff);
  else callOff();
}

/**
 * A call that is given up, as a lost connection, when nothing is heard of it for `ms`. Whoever
 * hears of it calls `heard`, with another patience from there on if need be.
 */
export async function withPatience<T>(
  env: Environment,
  ms: number,
  signal: AbortSignal,
  call: (signal: AbortSignal, heard: (ms?: number) => void) => Promise<T>,
): Promise<T> {
  const inner = new AbortController();
  const abort = () => inner.abort(signal.reason);
  let isOver = false;
  let callOff = () => {};
  const heard = (patience = ms) => {
    callOff();
    if (isOver) return;
    callOff = env.after(patience, () =>
      inner.abort(new TypeError(`Nothing heard in ${patience} ms`)),
    );
  };
  signal.throwIfAborted();
  signal.addEventListener("abort", abort, { once: true });
  heard();
  try {
    return await abortable(call(inner.signal, heard), inner.signal);
  } finally {
    isOver = true;
    callOff();
    signal.removeEventListener("abort", abort);
  }
}
