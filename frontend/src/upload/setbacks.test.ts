// @vitest-environment node

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Fault, refusal } from "./fake_product";
import { history, picture, playground, rejection, settled, until, untilSo } from "./playground";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const every = (fault: Fault, times = 50) => Array<Fault>(times).fill(fault);

test.each(["policy", "presign", "complete"] as const)(
  "%s survives a network that is down",
  async (call) => {
    const { product, add } = playground();
    product.meet(call, "down", "down", "down");

    const state = await settled(add());

    expect(state.phase).toBe("ready");
    expect(state.attempt).toBe(4);
  },
);

test("a connection that breaks in the middle is used again, with the same URL", async () => {
  const { product, add } = playground();
  product.meet("put", { after: 600, ending: "lost" });

  const upload = add();
  const states = history(upload);
  await settled(upload);

  expect(upload.state.phase).toBe("ready");
  expect(product.calls).toEqual(["policy", "presign", "put", "put", "complete"]);
  expect(states.map(({ sentBytes }) => sentBytes)).toContain(500);
  expect(product.puts[0]?.url).toBe(product.puts[1]?.url);
});

test("a URL that was in vain twice is exchanged", async () => {
  const { product, add } = playground();
  product.meet("put", "down", "down");

  const state = await settled(add());

  expect(state.phase).toBe("ready");
  expect(product.calls).toEqual([
    "policy",
    "presign",
    "put",
    "put",
    "presignAgain",
    "put",
    "complete",
  ]);
});

test("when only the store's answer was lost, nothing is sent twice", async () => {
  const { product, add } = playground();
  product.meet("put", "lost");

  const state = await settled(add());

  expect(state.phase).toBe("ready");
  expect(product.count("put")).toBe(1);
});

test("bytes that were handed over and never arrived are sent again", async () => {
  const { product, add } = playground();
  product.meet("put", { after: 1000, ending: "hang" });

  const state = await settled(add());

  expect(state.phase).toBe("ready");
  expect(product.calls).toEqual([
    ...["policy", "presign", "put"],
    ...["complete", "presignAgain", "put", "complete"],
  ]);
});

test("no progress for 30 seconds counts as a lost connection", async () => {
  const { product, add } = playground();
  product.meet("put", { after: 500, ending: "hang" });

  const upload = add();
  await until(upload, "sending");
  await vi.advanceTimersByTimeAsync(29_000);
  expect(upload.state.pause).toBeNull();
  await vi.advanceTimersByTimeAsync(1500);
  expect(upload.state.pause?.reason).toBe("retry");
  await settled(upload);

  expect(upload.state.phase).toBe("ready");
});

test("an API that never answers counts as a lost connection", async () => {
  const { product, add } = playground();
  product.meet("presign", "hang");
  product.meet("complete", "hang");

  expect((await settled(add())).phase).toBe("ready");
});

test("it gives up after six tries that get no further, in words, and can be tried again", async () => {
  const { product, add } = playground();
  product.meet("put", ...every("down", 6));

  const upload = add();
  const done = rejection(upload.done);
  const state = await settled(upload);

  expect(product.count("put")).toBe(6);
  expect(state.failure).toMatchObject({ code: "connection_lost", canRetry: true });
  expect(state.failure?.message).toContain("connection");
  expect(await done).toMatchObject({ code: "connection_lost" });

  upload.retry();
  expect(upload.state).toMatchObject({ phase: "waiting", failure: null, attempt: 1 });
  expect((await settled(upload)).phase).toBe("ready");
  expect(await upload.done).toBe(upload.state.media);
  expect(product.count("presign")).toBe(1);
});

test("tries that get further each time are not counted", async () => {
  const { product, add } = playground();
  for (const after of [250, 500, 750]) {
    product.meet("put", ...every({ after, ending: "lost" }, 4));
  }

  expect((await settled(add())).phase).toBe("ready");
});

test("pauses double, up to half a minute", async () => {
  const { product, network, add } = playground();
  network.random = () => 1 - Number.EPSILON;
  product.meet("presign", ...every("down"));

  const upload = add();
  const pauses: number[] = [];
  upload.subscribe(() => {
    const { pause } = upload.state;
    if (pause?.until) pauses.push(Math.round((pause.until - Date.now()) / 1000));
  });
  await settled(upload);

  expect(pauses).toEqual([1, 2, 4, 8, 16]);
});

test("offline it waits for the network, and uses no tries up", async () => {
  const { product, network, add } = playground();
  product.meet("put", { after: 500, ending: "lost" });
  const upload = add();
  await until(upload, "sending");
  network.goOffline();

  await untilSo(() => upload.state.pause?.reason === "offline");
  await vi.advanceTimersByTimeAsync(24 * 3_600_000);
  expect(upload.state.pause).toEqual({ reason: "offline", until: null });

  network.goOnline();
  expect((await settled(upload)).phase).toBe("ready");
  expect(upload.state.media?.id).toBe(2); // The first one had expired.
  expect(network.listeners).toBe(0);
});

test("a server that can be reached while offline is used: it may be on this machine", async () => {
  const { network, add } = playground();
  network.goOffline();

  expect((await settled(add())).phase).toBe("ready");
});

test("a URL that ran out while it waited is exchanged before it is used", async () => {
  const { product, add } = playground();
  product.urlLastsS = 2;
  product.meet("put", { status: 503, retryAfterMs: 5000 });

  const state = await settled(add());

  expect(state.phase).toBe("ready");
  expect(product.calls.slice(2)).toEqual(["put", "presignAgain", "put", "complete"]);
});

test("the wall clock has no say in when a URL ends", async () => {
  const { product, add } = playground();
  product.meet("put", { after: 500, ending: "lost" });
  const upload = add();
  await until(upload, "sending");

  vi.setSystemTime(new Date("2090-01-01"));

  expect((await settled(upload)).phase).toBe("ready");
  expect(product.count("presignAgain")).toBe(0);
});

test.each([403, 400])("a URL that the store answers with %i is exchanged", async (status) => {
  const { product, add } = playground();
  product.meet("put", { status });

  const state = await settled(add());

  expect(state.phase).toBe("ready");
  expect(product.calls.slice(2)).toEqual(["put", "presignAgain", "put", "complete"]);
});

test("a URL that runs out while bytes are on their way is exchanged", async () => {
  const { product, add } = playground();
  product.urlLastsS = 0.04;
  const upload = add();
  await untilSo(() => upload.state.sentBytes === 1000);
  product.urlLastsS = 300;

  expect((await settled(upload)).phase).toBe("ready");
  expect(product.calls.slice(2)).toEqual(["put", "presignAgain", "put", "complete"]);
});

test("a store that always refuses ends it", async () => {
  const { product, add } = playground();
  product.meet("put", ...every({ status: 403 }));

  const { failure } = await settled(add());

  expect(failure).toMatchObject({ code: "store_refused", canRetry: true });
  expect(failure?.message).toContain("403");
  expect(product.count("put")).toBeLessThanOrEqual(7);
});

test("a store without room ends it at once", async () => {
  const { product, add } = playground();
  product.meet("put", { status: 507 });

  expect((await settled(add())).failure).toMatchObject({
    code: "object_store_full",
    canRetry: true,
  });
  expect(product.count("put")).toBe(1);
});

test.each([500, 503, 429])(
  "a store that answers %i is tried again after the time it names",
  async (status) => {
    const { product, add } = playground();
    product.meet("put", { status, retryAfterMs: 7000 });
    const upload = add();
    await untilSo(() => upload.state.pause !== null);
    const paused = performance.now();

    await untilSo(() => upload.state.pause === null);

    expect(performance.now() - paused).toBeGreaterThanOrEqual(7000);
    expect((await settled(upload)).phase).toBe("ready");
  },
);

test.each(["presignAgain", "complete"] as const)(
  "%s of an expired upload starts from new",
  async (call) => {
    const { product, add } = playground();
    if (call === "presignAgain") product.meet("put", { status: 403 });
    product.meet(call, refusal(410, "upload_expired"));

    const upload = add();
    await settled(upload);

    expect(upload.state.media?.id).toBe(2);
    expect(product.count("presign")).toBe(2);
  },
);

test("a media item that was swept meanwhile starts from new", async () => {
  const { product, add } = playground();
  product.meet("complete", refusal(404, "media_not_found"));

  expect((await settled(add())).media?.id).toBe(2);
});

test("a media item that is ready already needs no other upload", async () => {
  const { product, add } = playground();
  product.meet("put", { status: 403 });
  product.meet("presignAgain", refusal(409, "media_already_ready"));
  product.latencyMs = 10;
  const upload = add();
  await until(upload, "sending");
  for (const kept of product.kept.values()) kept.item = { ...kept.item, status: "ready" };

  expect((await settled(upload)).phase).toBe("ready");
  expect(product.count("put")).toBe(1);
});

test("complete is asked again when its answer is lost, and publishes once", async () => {
  const { product, add } = playground();
  product.meet("complete", "lost");

  const state = await settled(add());

  expect(state.phase).toBe("ready");
  expect(product.calls.slice(2)).toEqual(["put", "complete", "complete"]);
});

test.each([
  refusal(503, "object_store_unavailable", { retry_after_s: 5 }),
  refusal(409, "completion_in_progress", { retry_after_s: 5 }),
  refusal(429, "rate_limited", { retry_after_s: 5 }),
])("complete waits as long as $code says", async (problem) => {
  const { product, add } = playground();
  product.meet("complete", problem);
  const upload = add();
  await untilSo(() => upload.state.pause !== null);
  expect(upload.state.pause?.reason).toBe(problem.code === "rate_limited" ? "rate" : "retry");

  await vi.advanceTimersByTimeAsync(4900);
  expect(product.count("complete")).toBe(1);

  expect((await settled(upload)).phase).toBe("ready");
});

test("an upload that was replaced while it was verified is completed again", async () => {
  const { product, add } = playground();
  product.meet("complete", refusal(409, "upload_changed"));

  expect((await settled(add())).phase).toBe("ready");
  expect(product.count("put")).toBe(1);
});

test.each(["size_mismatch", "content_type_mismatch"])(
  "%s is sent once more, then fails",
  async (code) => {
    const { product, add } = playground();
    product.verdict = refusal(422, code);

    const state = await settled(add());

    expect(state.failure).toMatchObject({ code, canRetry: code === "size_mismatch" });
    expect(product.count("put")).toBe(2);
  },
);

test.each(["not_an_image", "too_many_pixels"])(
  "%s fails for good, and leaves nothing behind",
  async (code) => {
    const { product, add } = playground();
    product.verdict = refusal(422, code);

    const upload = add();
    const state = await settled(upload);
    upload.retry();

    expect(state.failure).toMatchObject({ code, canRetry: false });
    expect(upload.state.phase).toBe("failed");
    expect(product.count("put")).toBe(1);
    expect(product.kept.size).toBe(0);
  },
);

test("after logging in again it goes on from where it was", async () => {
  const { product, add } = playground();
  product.meet("complete", refusal(401, "not_authenticated"));
  const upload = add();
  expect((await settled(upload)).failure).toMatchObject({
    code: "not_authenticated",
    canRetry: true,
  });

  upload.retry();

  expect((await settled(upload)).phase).toBe("ready");
  expect(product.calls.slice(2)).toEqual(["put", "complete", "complete"]);
});

test.each(["max_pending", "max_pending_bytes"] as const)(
  "a full %s waits for the others",
  async (limit) => {
    const { product, add } = playground();
    product.limits[limit] = limit === "max_pending" ? 1 : 1500;
    const uploads = [add(), add(), add()];

    await vi.runAllTimersAsync();

    expect(uploads.map(({ state }) => state.phase)).toEqual(["ready", "ready", "ready"]);
  },
);

test("a quota that others of ours do not fill fails, with words", async () => {
  const { product, add } = playground();
  product.meet(
    "presign",
    refusal(429, "too_many_pending_uploads", { max_pending: 20, retry_after_s: 90 }),
  );

  const { failure } = await settled(add());

  expect(failure).toMatchObject({ code: "too_many_pending_uploads", canRetry: true });
  expect(failure?.message).toContain("90 seconds");
});

test("when the upload that is waited for fails, the waiting one fails, too", async () => {
  const { product, add } = playground();
  product.limits.max_pending = 1;
  product.meet("complete", refusal(401, "not_authenticated"));
  const [first, second] = [add(), add()];

  await vi.runAllTimersAsync();

  expect([first.state.failure?.code, second.state.failure?.code]).toEqual([
    "not_authenticated",
    "too_many_pending_uploads",
  ]);
});

test("a quota that is full by others than ours fails all that ask, and ends", async () => {
  const { product, add } = playground({ maxParallel: 5 });
  product.limits.max_pending = 0;
  const uploads = [add(), add(), add(), add()];

  await vi.runAllTimersAsync();

  expect(new Set(uploads.map(({ state }) => state.failure?.code))).toEqual(
    new Set(["too_many_pending_uploads"]),
  );
});

test("a cancelled upload makes room once it is deleted", async () => {
  const { product, add } = playground();
  product.limits.max_pending = 1;
  product.meet("put", { after: 0, ending: "hang" });
  const [first, second] = [add(), add()];
  await until(first, "sending");
  await vi.advanceTimersByTimeAsync(100);
  expect(second.state.phase).toBe("waiting");

  first.cancel();

  expect((await settled(second)).phase).toBe("ready");
});

test("a full storage fails", async () => {
  const { product, add } = playground();
  product.meet("presign", refusal(429, "storage_quota_exceeded"));

  expect((await settled(add())).failure).toMatchObject({
    code: "storage_quota_exceeded",
    canRetry: true,
  });
});

test("what nobody foresaw ends in a failure, too", async () => {
  const { add } = playground({ put: () => Promise.reject(new Error("a defect")) });

  expect((await settled(add(picture()))).failure).toMatchObject({
    code: "unexpected",
    canRetry: true,
  });
});
