// @vitest-environment node

/** Games of chance: faults, cancels, retries and a network that comes and goes, in any order. */

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Fault, refusal } from "./fake_product";
import { history, picture, playground } from "./playground";
import type { Upload, UploadApi } from "./types";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const GAMES = 300;
const BUSY = ["checking", "asking", "sending", "verifying"];
const ANYWHERE: Fault[] = [
  "down",
  "hang",
  refusal(503, "database_unavailable", { retry_after_s: 5 }),
  refusal(429, "rate_limited", { retry_after_s: 3 }),
  refusal(401, "not_authenticated"),
  refusal(500, "internal_error"),
];
const FAULTS: Record<"put" | Exclude<keyof UploadApi, "remove">, Fault[]> = {
  policy: ANYWHERE,
  // Without "lost": of such a media item nobody ever knows.
  presign: ANYWHERE,
  presignAgain: [...ANYWHERE, "lost"],
  complete: [
    ...ANYWHERE,
    "lost",
    refusal(409, "upload_changed"),
    refusal(409, "completion_in_progress"),
    refusal(422, "size_mismatch"),
    refusal(422, "not_an_image"),
  ],
  describe: [...ANYWHERE, "lost"],
  put: [
    "down",
    "lost",
    "hang",
    { status: 403 },
    { status: 503, retryAfterMs: 1000 },
    { status: 507 },
    { after: 600, ending: "lost" },
    { after: 600, ending: "hang" },
    { after: 1000, ending: "hang" },
  ],
};

test.each(Array.from({ length: GAMES }, (_, at) => at + 1))("game %i ends well", async (seed) => {
  const random = chance(seed);
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T;
  const { product, network, uploader, add } = playground({ maxParallel: 2 });
  network.random = random;
  product.limits.max_pending = 2;
  product.pendingLastsS = pick([60, 3600]);
  for (const [call, faults] of Object.entries(FAULTS)) {
    const met = Array.from({ length: Math.floor(random() * 8) }, () => pick(faults));
    product.meet(call as keyof typeof FAULTS, ...met);
  }
  const uploads = [add(picture(), "A cat"), add(), add(), add()];
  const histories = uploads.map(history);
  let busiest = 0;
  for (const { subscribe } of uploads) {
    subscribe(() => {
      const busy = uploads.filter(({ state }) => BUSY.includes(state.phase));
      busiest = Math.max(busiest, busy.length);
    });
  }

  const moves: ((upload: Upload) => void)[] = [
    (upload) => upload.cancel(),
    (upload) => upload.retry(),
    (upload) => upload.retry(),
    (upload) => upload.setAlt(`${seed}`),
    () => network.goOffline(),
    () => network.goOnline(),
    (upload) => uploader.dismiss(upload),
  ];
  for (let move = 0; move < 12; move += 1) {
    await vi.advanceTimersByTimeAsync(random() < 0.7 ? random() * 200 : random() * 60_000);
    pick(moves)(pick(uploads));
  }
  network.goOnline();
  await vi.runAllTimersAsync();

  for (const { state, done } of uploads) {
    expect(["ready", "failed", "cancelled"]).toContain(state.phase);
    expect(state.pause).toBeNull();
    expect(state.failure !== null).toBe(state.phase === "failed");
    await done.catch(() => {}); // It has ended, too.
  }
  const ready = uploads.filter(({ state }) => state.phase === "ready");
  const waiting = uploads.filter(({ state }) => state.failure?.canRetry);
  const kept = product.current();
  const readyIds = ready.map(({ state }) => state.media?.id);
  expect(kept.map(({ id }) => id)).toEqual(expect.arrayContaining(readyIds));
  expect(kept.length).toBeLessThanOrEqual(ready.length + waiting.length);
  expect(ready.every(({ state }) => state.media?.status === "ready")).toBe(true);
  expect(busiest).toBeLessThanOrEqual(2);
  expect(network.listeners).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
  for (const states of histories) {
    const end = states.findIndex(({ phase }) => phase === "cancelled");
    expect(end === -1 || end === states.length - 1).toBe(true);
  }
});

/** The same numbers for the same seed. */
function chance(seed: number): () => number {
  let state = (seed * 2_654_435_761) % 2 ** 32;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}
