import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { xhrPut } from "./put";

let server: Server;

async function store(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  server = createServer((request, response) => {
    response.setHeader("Access-Control-Allow-Origin", "*");
    response.setHeader("Access-Control-Allow-Headers", "content-type");
    response.setHeader("Access-Control-Allow-Methods", "PUT");
    response.setHeader("Access-Control-Expose-Headers", "Retry-After");
    if (request.method === "OPTIONS") response.end();
    else answer(request, response);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/incoming/7`;
  return { method: "PUT" as const, url, headers: { "Content-Type": "image/png" }, expires_in: 300 };
}

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const file = new Blob(["abc"], { type: "image/jpeg" });
const idle = () => ({ signal: new AbortController().signal, onProgress: () => {} });

test("the bytes arrive with the headers that were signed, and progress is told", async () => {
  const seen: unknown[] = [];
  const upload = await store(async (request, response) => {
    seen.push(request.method, request.headers["content-type"], request.headers["content-length"]);
    for await (const chunk of request) seen.push(String(chunk));
    response.end();
  });
  const onProgress = vi.fn();

  const answer = await xhrPut(upload, file, { ...idle(), onProgress });

  expect(answer).toEqual({ status: 200, retryAfterMs: null });
  expect(seen).toEqual(["PUT", "image/png", "3", "abc"]);
  expect(onProgress).toHaveBeenLastCalledWith(3);
});

test("a refusal is an answer, with the time that it names", async () => {
  const upload = await store((_, response) =>
    response.writeHead(503, { "Retry-After": "5" }).end(),
  );

  expect(await xhrPut(upload, file, idle())).toEqual({ status: 503, retryAfterMs: 5000 });
});

test("a connection that breaks is a TypeError", async () => {
  const errors = vi.spyOn(console, "error").mockReturnValue();
  const upload = await store((request) => request.socket.destroy());

  await expect(xhrPut(upload, file, idle())).rejects.toThrow(TypeError);
  errors.mockRestore();
});

test("aborting stops it with the reason", async () => {
  const stop = new AbortController();
  const upload = await store(() => stop.abort(new Error("enough")));

  await expect(xhrPut(upload, file, { ...idle(), signal: stop.signal })).rejects.toThrow("enough");
});
