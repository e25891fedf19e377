/** Time, chance and the network, as the browser gives them. Tests put their own in place. */

export interface Environment {
  /** Milliseconds of a clock that nobody sets: never the one on the wall. */
  now(): number;
  /** Calls back after so many milliseconds. The answer calls it off. */
  after(ms: number, callback: () => void): () => void;
  /** From 0 to below 1. */
  random(): number;
  isOnline(): boolean;
  /** Calls back whenever the network returns. The answer ends that. */
  onOnline(callback: () => void): () => void;
}

export const browser: Environment = {
  now: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
  random: Math.random,
  isOnline: () => globalThis.navigator?.onLine ?? true,
  onOnline(callback) {
    globalThis.addEventListener("online", callback);
    return () => globalThis.removeEventListener("online", callback);
  },
};
