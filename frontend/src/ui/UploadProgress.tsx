import type { Upload, UploadState } from "../upload";
import { useUpload } from "../upload/react";

/** How far an upload is, for the eye and for a screen reader. */
export function UploadProgress({ upload }: { upload: Upload }) {
  const state = useUpload(upload);
  const words = progressInWords(state);
  if (state.phase === "failed" || state.phase === "cancelled") return null;
  return (
    <div className={`progress ${state.phase}`}>
      <progress
        aria-label="Upload"
        max={state.totalBytes || 1}
        value={state.phase === "ready" ? state.totalBytes || 1 : state.sentBytes}
      />
      <span>{words}</span>
    </div>
  );
}

function progressInWords(state: UploadState): string {
  if (state.pause?.reason === "offline") return "Offline. It goes on when you are back.";
  if (state.pause?.reason === "rate") return "Waiting until the server takes more …";
  if (state.pause) return "That did not get through. Trying again …";
  switch (state.phase) {
    case "waiting":
      return "Waiting for its turn";
    case "checking":
    case "asking":
      return "Getting ready …";
    case "sending":
      return `${megabytes(state.sentBytes)} of ${megabytes(state.totalBytes)} MB`;
    case "verifying":
      return "Checking the picture …";
    case "ready":
      return "Uploaded";
    case "failed":
      return state.failure?.message ?? "It failed.";
    case "cancelled":
      return "Cancelled";
  }
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
