/**
 * Who of us has a pending media item at the server, or asks for one: together they count for the
 * user's quota.
 */

export interface Pending {
  /** How often one was let go; to be noted before asking the server for another. */
  readonly releases: number;
  hold(who: object): void;
  /** There is room for another one. */
  release(who: object): void;
  /** It never had one. */
  withdraw(who: object): void;
  /**
   * Resolves once it is worth asking again, if one was let go since `releases`; null where nobody
   * will let go.
   */
  nextRelease(since: number): Promise<void> | null;
}

export function createPending(): Pending {
  const holders = new Set<object>();
  let waiting: (() => void)[] = [];
  let releases = 0;

  function wake() {
    const woken = waiting;
    waiting = [];
    for (const goOn of woken) goOn();
  }

  return {
    get releases() {
      return releases;
    },
    hold: (who) => void holders.add(who),
    release(who) {
      if (!holders.delete(who)) return;
      releases += 1;
      wake();
    },
    withdraw(who) {
      holders.delete(who);
      if (holders.size === 0) wake(); // There is nobody left to wait for.
    },
    nextRelease(since) {
      if (releases !== since) return Promise.resolve();
      if (holders.size === 0) return null;
      return new Promise((goOn) => waiting.push(goOn));
    },
  };
}
