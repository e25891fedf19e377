/** Uploads to Mediaport: copy this folder into your app. README.md says how to use it. */

export type { Inspect } from "./checks";
export { browser, type Environment } from "./environment";
export { type FetchUploadApiOptions, fetchUploadApi } from "./fetch_api";
export type { ImageHeader } from "./image_header";
export { Problem, problemOf } from "./problem";
export { xhrPut } from "./put";
export type * from "./types";
export { createUploader, type UploaderOptions } from "./uploader";
export { inWords } from "./words";
