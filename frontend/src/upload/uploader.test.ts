// @vitest-environment node

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { refusal } from "./fake_product";
import { history, phases, picture, playground, settled, until } from "./playground";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a picture is checked, asked for, sent, verified and ready", async () => {
  const { product, add } = playground();

  const upload = add();
  const states = history(upload);
  const state = await settled(upload);

  expect(phases(states)).toEqual([
    "waiting",
    "checking",
    "asking",
    "sending",
    "verifying",
    "ready",
  ]);
  expect(product.calls).toEqual(["policy", "presign", "put", "complete"]);
  expect(state).toMatchObject({ sentBytes: 1000, totalBytes: 1000, attempt: 1, failure: null });
  expect(await upload.done).toBe(state.media);
});

test("the store gets the file with exactly the headers that were signed", async () => {
  const { product, add } = playground();
  const file = picture();

  await settled(add(file));

  expect(product.puts[0]?.headers).toEqual({ "Content-Type": "image/jpeg" });
  expect(product.puts[0]?.body).toBe(file);
});

test("every change is a new state, told once, and progress never exceeds the file", async () => {
  const { add } = playground();

  const upload = add();
  const states = history(upload);
  await settled(upload);

  expect(new Set(states).size).toBe(states.length);
  expect(states.every(({ sentBytes }) => sentBytes <= 1000)).toBe(true);
});

test("a listener that throws stops nobody", async () => {
  const { add } = playground();
  const told = vi.fn();
  const thrown = vi.fn();
  vi.stubGlobal("queueMicrotask", (task: () => void) => {
    try {
      task();
    } catch (error) {
      thrown(error);
    }
  });

  const upload = add();
  upload.subscribe(() => {
    throw new Error("a defect of the page");
  });
  upload.subscribe(told);
  const state = await settled(upload);
  vi.unstubAllGlobals();

  expect(state.phase).toBe("ready");
  expect(told).toHaveBeenCalled();
  expect(thrown).toHaveBeenCalledTimes(told.mock.calls.length);
});

test("no more than maxParallel are on their way, first come, first served", async () => {
  const { add } = playground({ maxParallel: 2 });
  const uploads = [add(), add(), add(), add()];
  const started: number[] = [];
  let most = 0;
  for (const [at, upload] of uploads.entries()) {
    upload.subscribe(() => {
      if (upload.state.phase === "checking") started.push(at);
      const busy = uploads.filter(({ state }) => !["waiting", "ready"].includes(state.phase));
      most = Math.max(most, busy.length);
    });
  }

  await vi.runAllTimersAsync();

  expect(most).toBe(2);
  expect(started).toEqual([0, 1, 2, 3]);
});

test("an upload that is cancelled in the line leaves it, and the others move up", async () => {
  const { product, add } = playground({ maxParallel: 1 });
  const [first, second, third] = [add(), add(), add()];

  second.cancel();
  await vi.runAllTimersAsync();

  expect([first, second, third].map(({ state }) => state.phase)).toEqual([
    "ready",
    "cancelled",
    "ready",
  ]);
  expect(product.count("presign")).toBe(2);
});

test("a failed upload makes room for the next", async () => {
  const { product, add } = playground({ maxParallel: 1 });
  product.meet("presign", refusal(401, "not_authenticated"));
  const [first, second] = [add(), add()];

  await vi.runAllTimersAsync();

  expect([first.state.phase, second.state.phase]).toEqual(["failed", "ready"]);
});

test("the limits are asked for once, and again when they are old", async () => {
  const { product, add } = playground();

  await settled(add());
  await settled(add());
  expect(product.count("policy")).toBe(1);

  await vi.advanceTimersByTimeAsync(6 * 60_000);
  await settled(add());
  expect(product.count("policy")).toBe(2);
});

test("limits that did not come are asked for again", async () => {
  const { product, add } = playground();
  product.meet("policy", "down", "hang");

  const state = await settled(add());

  expect(state.phase).toBe("ready");
  expect(product.count("policy")).toBe(3);
});

test("the list is a new array when an upload comes or goes", async () => {
  const { uploader, add } = playground();
  const told = vi.fn();
  uploader.subscribe(told);

  const before = uploader.uploads;
  const upload = add();
  const between = uploader.uploads;
  uploader.dismiss(upload);

  expect(before).toEqual([]);
  expect(between).toEqual([upload]);
  expect(uploader.uploads).toEqual([]);
  expect(told).toHaveBeenCalledTimes(2);
  expect(upload.state.phase).toBe("cancelled");
});

test("what is ready stays at the server when it is dismissed", async () => {
  const { product, uploader, add } = playground();
  const upload = add();
  await until(upload, "ready");

  uploader.dismiss(upload);
  await vi.runAllTimersAsync();

  expect(upload.state.phase).toBe("ready");
  expect(product.count("remove")).toBe(0);
});
