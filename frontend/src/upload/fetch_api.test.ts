// @vitest-environment node

import { expect, test, vi } from "vitest";
import { fetchUploadApi } from "./fetch_api";

function answering(body: unknown, init: ResponseInit = {}) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const fetch = vi.fn(
    async (_url: string, _request: RequestInit) =>
      new Response(init.status === 204 ? null : text, init),
  );
  return {
    fetch,
    api: fetchUploadApi({
      baseUrl: "https://api.example/",
      fetch: fetch as typeof globalThis.fetch,
    }),
  };
}

test("the calls are those of the API", async () => {
  const { fetch, api } = answering({});
  const what = { kind: "avatar", content_type: "image/png", size_bytes: 3 };

  await api.policy();
  await api.presign(what);
  await api.presignAgain(7);
  await api.complete(7);
  await api.describe(7, "A cat");
  await api.remove(7);

  const calls = fetch.mock.calls.map(([url, { method, body }]) => [method, url, body]);
  expect(calls).toEqual([
    ["GET", "https://api.example/media/policy", undefined],
    ["POST", "https://api.example/media/presign", JSON.stringify(what)],
    ["POST", "https://api.example/media/7/presign", undefined],
    ["POST", "https://api.example/media/7/complete", undefined],
    ["PATCH", "https://api.example/media/7", '{"alt":"A cat"}'],
    ["DELETE", "https://api.example/media/7", undefined],
  ]);
});

test("the signal is passed on, and the browser's fetch is the default", async () => {
  const fetch = vi.spyOn(globalThis, "fetch").mockResolvedValue(new Response("{}"));
  const { signal } = new AbortController();

  await fetchUploadApi().complete(7, signal);

  expect(fetch).toHaveBeenCalledWith("/media/7/complete", expect.objectContaining({ signal }));
  fetch.mockRestore();
});

test("nothing is the answer to a deletion", async () => {
  expect(await answering(null, { status: 204 }).api.remove(7)).toBeUndefined();
});

test("a refusal is a problem with its code, its values and its time", async () => {
  const body = {
    type: "urn:x",
    title: "X",
    status: 429,
    detail: "Wait.",
    code: "rate_limited",
    limit: 3,
  };
  const { api } = answering(body, { status: 429, headers: { "Retry-After": "7" } });

  await expect(api.complete(7)).rejects.toMatchObject({
    name: "Problem",
    code: "rate_limited",
    status: 429,
    detail: "Wait.",
    message: "Wait.",
    context: { limit: 3 },
    retryAfterMs: 7000,
  });
});

test("the time is taken from the body where the header is not exposed", async () => {
  const { api } = answering({ code: "rate_limited", retry_after_s: 9 }, { status: 429 });

  await expect(api.complete(7)).rejects.toMatchObject({ retryAfterMs: 9000 });
});

test.each(["<html>Bad gateway</html>", "null", "3"])(
  "a proxy's %j is a problem as well",
  async (body) => {
    const { api } = answering(body, { status: 502, headers: { "Retry-After": "soon" } });

    await expect(api.complete(7)).rejects.toMatchObject({
      code: "http_502",
      status: 502,
      retryAfterMs: null,
    });
  },
);

test("an answer that is cut off, or somebody else's page, is a lost connection", async () => {
  await expect(answering('{"id": 7').api.complete(7)).rejects.toThrow(TypeError);
  await expect(answering("<html>Log in to the Wi-Fi</html>").api.policy()).rejects.toThrow(
    TypeError,
  );
});
