/** The API's calls over `fetch`. */

import { problemOf } from "./problem";
import type { MediaItem, Presigned, UploadApi, UploadPolicy } from "./types";

export interface FetchUploadApiOptions {
  /** Where the API is; the origin of the page if it is not given. */
  baseUrl?: string;
  /** Your own, to add the token: the core knows nothing of users. */
  fetch?: typeof fetch;
}

export function fetchUploadApi(options: FetchUploadApiOptions = {}): UploadApi {
  const base = (options.baseUrl ?? "").replace(/\/+$/, "");

  async function call<T>(method: string, path: string, body?: unknown, signal?: AbortSignal) {
    const request: RequestInit = { method, headers: { Accept: "application/json" } };
    if (signal) request.signal = signal;
    if (body !== undefined) {
      request.headers = { ...request.headers, "Content-Type": "application/json" };
      request.body = JSON.stringify(body);
    }
    const response = await (options.fetch ?? globalThis.fetch)(`${base}/media${path}`, request);
    if (!response.ok) throw await problemOf(response);
    return (response.status === 204 ? undefined : await jsonOf(response)) as T;
  }

  return {
    policy: (signal) => call<UploadPolicy>("GET", "/policy", undefined, signal),
    presign: (what, signal) => call<Presigned>("POST", "/presign", what, signal),
    presignAgain: (id, signal) => call<Presigned>("POST", `/${id}/presign`, undefined, signal),
    complete: (id, signal) => call<MediaItem>("POST", `/${id}/complete`, undefined, signal),
    describe: (id, alt, signal) => call<MediaItem>("PATCH", `/${id}`, { alt }, signal),
    remove: (id, signal) => call<void>("DELETE", `/${id}`, undefined, signal),
  };
}

/** The body. One that is cut off, or a log-in page of the network's, is no answer of the API. */
async function jsonOf(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch (error) {
    if (error instanceof SyntaxError)
      throw new TypeError("The answer is no JSON", { cause: error });
    throw error;
  }
}
