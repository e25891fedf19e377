/** Lets a few in at a time; the others wait in line, first come, first served. */

export interface Line {
  /** Resolves when it is one's turn, with the way out. Rejects when the signal says so. */
  enter(signal: AbortSignal): Promise<() => void>;
}

export function createLine(places: number): Line {
  const waiting: (() => void)[] = [];
  let free = places;

  function leave() {
    free += 1;
    waiting.shift()?.();
  }

  return {
    enter: (signal) =>
      new Promise((resolve, reject) => {
        const goIn = () => {
          signal.removeEventListener("abort", goAway);
          free -= 1;
          let isInside = true;
          resolve(() => {
            if (isInside) leave();
            isInside = false;
          });
        };
        const goAway = () => {
          waiting.splice(waiting.indexOf(goIn), 1);
          reject(signal.reason);
        };
        if (free > 0) return goIn();
        signal.addEventListener("abort", goAway, { once: true });
        waiting.push(goIn);
      }),
  };
}
