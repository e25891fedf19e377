/** Who of us has a pending media item at the server: together they count for the user's quota. */

export interface Pending {
  /** How often one was let go; to be noted before asking the server for another. */
  readonly releases: number;
  hold(who: object): void;
  release(who: object): void;
  /** Resolves once one is let go since `releases` was noted; null where nobody will. */
  nextRelease(since: number): Promise<void> | null;
}

export function createPending(): Pending {
  const holders = new Set<object>();
  let waiting: (() => void)[] = [];
  let releases = 0;
  return {
    get releases() {
      return releases;
    },
    hold: (who) => void holders.add(who),
    release(who) {
      if (!holders.delete(who)) return;
      releases += 1;
      const woken = waiting;
      waiting = [];
      for (const wake of woken) wake();
    },
    nextRelease(since) {
      if (releases !== since) return Promise.resolve();
      if (holders.size === 0) return null;
      return new Promise((wake) => waiting.push(wake));
    },
  };
}
