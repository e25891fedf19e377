// @vitest-environment node

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { refusal } from "./fake_product";
import { history, playground, settled, until } from "./playground";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("an alt text is there before the upload is told to be ready", async () => {
  const { product, add } = playground();

  const upload = add(undefined, "A cat");
  const states = history(upload);
  await settled(upload);

  expect(states.find(({ phase }) => phase === "ready")?.media?.alt).toBe("A cat");
  expect((await upload.done).alt).toBe("A cat");
  expect(product.calls.slice(-2)).toEqual(["complete", "describe"]);
});

test("the last alt text counts, also one that comes while another is sent", async () => {
  const { product, add } = playground();
  const upload = add(undefined, "A cat");
  await until(upload, "sending");
  upload.setAlt("A dog");
  while (product.count("describe") === 0) await vi.advanceTimersByTimeAsync(5);

  upload.setAlt("A bird");

  expect((await settled(upload)).media?.alt).toBe("A bird");
  expect(product.count("describe")).toBe(2);
});

test("an alt text can be set, changed and taken away once it is ready", async () => {
  const { add } = playground();
  const upload = add();
  await settled(upload);

  upload.setAlt("A cat");
  upload.setAlt("A dog");
  expect((await settled(upload)).media?.alt).toBe("A dog");

  upload.setAlt("");
  expect((await settled(upload)).media?.alt).toBeNull();
});

test("no alt text asks for nothing", async () => {
  const { product, add } = playground();

  await settled(add(undefined, ""));

  expect(product.count("describe")).toBe(0);
});

test("a network that fails for a moment loses no alt text", async () => {
  const { product, add } = playground();
  product.meet("describe", "down", "lost");

  expect((await settled(add(undefined, "A cat"))).media?.alt).toBe("A cat");
});

test("an alt text that does not fit does not lose the upload", async () => {
  const { product, add } = playground();
  product.meet("describe", refusal(422, "text_unfit", { reason: "is too long" }));

  const state = await settled(add(undefined, "A cat"));

  expect(state).toMatchObject({ phase: "ready", failure: null });
  expect(state.media?.alt).toBeNull();
});

test("an upload can be cancelled while it is described", async () => {
  const { product, add } = playground();
  const upload = add(undefined, "A cat");
  while (product.count("describe") === 0) await vi.advanceTimersByTimeAsync(5);

  upload.cancel();
  await settled(upload);

  expect(upload.state.phase).toBe("cancelled");
  expect(product.kept.size).toBe(0);
});
