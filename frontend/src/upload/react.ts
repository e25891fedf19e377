/** Uploads in React. */

import { useSyncExternalStore } from "react";
import type { Upload, Uploader, UploadState } from "./types";

export function useUploads(uploader: Uploader): readonly Upload[] {
  const uploads = () => uploader.uploads;
  return useSyncExternalStore(uploader.subscribe, uploads, uploads);
}

export function useUpload(upload: Upload): UploadState {
  const state = () => upload.state;
  return useSyncExternalStore(upload.subscribe, state, state);
}
