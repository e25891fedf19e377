// @vitest-environment node

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { refusal } from "./fake_product";
import { history, picture, playground, rejection, settled, until, untilSo } from "./playground";
import type { Phase } from "./types";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const PHASES: Phase[] = ["waiting", "checking", "asking", "sending", "verifying"];

test.each(PHASES)(
  "cancelled while %s, it ends there and leaves nothing at the server",
  async (phase) => {
    const { product, network, add } = playground();
    const upload = add();
    const done = rejection(upload.done);
    await until(upload, phase);

    upload.cancel();
    expect(upload.state).toMatchObject({ phase: "cancelled", pause: null });
    const states = history(upload);
    await settled(upload);

    expect(states).toHaveLength(1);
    expect(await done).toMatchObject({ name: "AbortError" });
    expect(product.kept.size).toBe(0);
    expect(network.listeners).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  },
);

test.each(["retry", "offline", "rate"] as const)(
  "cancelled in a pause (%s), it ends there",
  async (reason) => {
    const { product, network, add } = playground();
    product.meet("complete", reason === "rate" ? refusal(429, "rate_limited") : "down");
    const upload = add();
    await until(upload, "verifying");
    if (reason === "offline") network.goOffline();
    await untilSo(() => upload.state.pause?.reason === reason);

    upload.cancel();
    await settled(upload);

    expect(upload.state).toMatchObject({ phase: "cancelled", pause: null });
    expect(product.kept.size).toBe(0);
    expect(network.listeners).toBe(0);
  },
);

test("cancelled while the server verifies, the item is deleted even if it became ready", async () => {
  const { product, add } = playground();
  const upload = add();
  await until(upload, "verifying");
  await untilSo(() => [...product.kept.values()].some(({ item }) => item.status === "ready"));

  upload.cancel();
  await settled(upload);

  expect(upload.state.phase).toBe("cancelled");
  expect(product.kept.size).toBe(0);
});

test("an item that comes after its time is deleted", async () => {
  const { product, add } = playground();
  const upload = add();
  await until(upload, "asking");
  product.latencyMs = 40_000;
  await vi.advanceTimersByTimeAsync(20);
  product.latencyMs = 10;

  await settled(upload);

  expect(upload.state.phase).toBe("ready");
  expect([...product.kept.keys()]).toEqual([upload.state.media?.id]);
});

test("deleting is tried a few times, and failing it harms nobody", async () => {
  const { product, add } = playground();
  product.meet("remove", "down", refusal(503, "database_unavailable"), "down", "down");
  const upload = add();
  await until(upload, "sending");

  upload.cancel();
  await settled(upload);

  expect(upload.state.phase).toBe("cancelled");
  expect(product.count("remove")).toBe(3);
});

test("cancelling after a failure deletes what was kept for another try", async () => {
  const { product, add } = playground();
  product.meet("complete", refusal(401, "not_authenticated"));
  const upload = add();
  await settled(upload);

  upload.cancel();
  upload.retry();
  await settled(upload);

  expect(upload.state).toMatchObject({ phase: "cancelled", failure: null });
  expect(product.kept.size).toBe(0);
});

test("what is ready cannot be cancelled, and cancelling twice is once", async () => {
  const { product, add } = playground();
  const [ready, cancelled] = [add(), add()];
  await until(cancelled, "sending");
  cancelled.cancel();
  cancelled.cancel();
  await settled(ready);

  ready.cancel();
  await settled(ready);

  expect(ready.state.phase).toBe("ready");
  expect(product.count("remove")).toBe(1);
});

test("an upload that is cancelled in the line for another try is deleted", async () => {
  const { product, add } = playground({ maxParallel: 1 });
  product.meet("complete", refusal(401, "not_authenticated"));
  product.meet("put", { after: 1000, ending: "lost" });
  const upload = add();
  await settled(upload);
  const other = add();
  await until(other, "sending");
  upload.retry();
  expect(upload.state.phase).toBe("waiting");

  upload.cancel();
  await settled(other);

  expect([...product.kept.keys()]).toEqual([other.state.media?.id]);
});

test("whoever cancels at the very moment when the item comes leaves nothing either", async () => {
  const { product, uploader } = playground();
  const { presign } = product.api;
  product.api.presign = (what) => {
    const asked = presign(what);
    asked.then(() => uploader.uploads[0]?.cancel());
    return asked;
  };

  const upload = uploader.add(picture(), { kind: "post_image" });
  await settled(upload);

  expect(upload.state.phase).toBe("cancelled");
  expect(product.kept.size).toBe(0);
});
