/** The bytes go to the store by XMLHttpRequest: `fetch` does not say how much has been sent. */

import { millisecondsOf } from "./problem";
import type { Put } from "./types";

export const xhrPut: Put = (upload, file, { signal, onProgress }) =>
  new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    request.open(upload.method, upload.url);
    for (const [name, value] of Object.entries(upload.headers)) {
      request.setRequestHeader(name, value);
    }
    request.upload.onprogress = (event) => onProgress(event.loaded);
    request.onload = () => {
      // Only headers that the store exposes may be asked for without a warning in the console.
      const headers = request.getAllResponseHeaders();
      const retryAfter = /^retry-after: *(\d+)/im.exec(headers)?.[1];
      resolve({ status: request.status, retryAfterMs: millisecondsOf(retryAfter) });
    };
    request.onerror = () => reject(new TypeError("The store gave no answer"));
    request.onabort = () => reject(signal.reason);
    request.onloadend = () => signal.removeEventListener("abort", abort);
    signal.addEventListener("abort", abort);
    request.send(file);
  });
