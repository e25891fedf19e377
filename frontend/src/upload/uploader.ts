/** A list of uploads, a few of which are on their way at a time. */

import type { Inspect } from "./checks";
import { browser, type Environment } from "./environment";
import { readImageHeader } from "./image_header";
import { createLine } from "./line";
import { createPending } from "./pending";
import { cachedPolicy } from "./policy";
import { xhrPut } from "./put";
import type { Parts } from "./steps";
import { createStore } from "./store";
import type { Put, Upload, UploadApi, Uploader } from "./types";
import { FileUpload } from "./upload";

export interface UploaderOptions {
  /** How many uploads may be on their way at once. */
  maxParallel?: number;
  put?: Put;
  /** Finds a file's real format and its size in pixels. */
  inspect?: Inspect;
  environment?: Environment;
}

export function createUploader(api: UploadApi, options: UploaderOptions = {}): Uploader {
  const {
    maxParallel = 3,
    put = xhrPut,
    inspect = readImageHeader,
    environment: env = browser,
  } = options;
  const policy = cachedPolicy(api, env);
  const parts: Parts = { api, put, inspect, env, policy, pending: createPending() };
  const line = createLine(maxParallel);
  const uploads = createStore<readonly Upload[]>([]);
  let count = 0;

  return {
    get uploads() {
      return uploads.get();
    },
    subscribe: uploads.subscribe,
    add(file, of) {
      count += 1;
      const upload = new FileUpload({ id: `upload-${count}`, file, ...of }, parts, line);
      uploads.set([...uploads.get(), upload]);
      return upload;
    },
    dismiss(upload) {
      upload.cancel();
      uploads.set(uploads.get().filter((other) => other !== upload));
    },
  };
}
