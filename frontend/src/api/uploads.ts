/** The page's uploads: one line for all, so that they do not take the connection from one another. */

import { useSyncExternalStore } from "react";
import { createUploader, type MediaItem, type Upload, type UploadState } from "../upload";
import { uploadApi } from "./client";

export const uploader = createUploader(uploadApi);

/** What a chooser offers, so that a phone hands over what it can convert. The policy decides. */
export const OFFERED_TYPES = "image/jpeg,image/png,image/webp";

/** The first state, now or later, that is as wanted. */
export function until(
  upload: Upload,
  isWanted: (state: UploadState) => boolean,
): Promise<UploadState> {
  return new Promise((resolve) => {
    const look = () => {
      if (!isWanted(upload.state)) return;
      stop();
      resolve(upload.state);
    };
    const stop = upload.subscribe(look);
    look();
  });
}

/** Its media item. A failed upload waits for its user to try again, or to give it up. */
export async function readyMedia(upload: Upload): Promise<MediaItem> {
  const { media } = await until(upload, ({ phase }) => phase === "ready" || phase === "cancelled");
  if (!media) throw new Error("The upload was cancelled.");
  return media;
}

/** Shows a component anew whenever one of these uploads enters another phase. */
export function usePhases(uploads: readonly Upload[]): void {
  useSyncExternalStore(
    (listener) => {
      const stops = uploads.map((upload) => upload.subscribe(listener));
      return () => {
        for (const stop of stops) stop();
      };
    },
    () => uploads.map(({ state }) => state.phase).join(),
  );
}

/** A file as its user knows it. */
export function nameOf(file: Blob): string {
  return file instanceof File ? file.name : "the picture";
}

/** Leave nothing of an upload behind, however far it is. */
export function drop(upload: Upload): void {
  const { media } = upload.state;
  uploader.dismiss(upload);
  // What is shown already is refused to be deleted, and stays.
  if (media) uploadApi.remove(media.id).catch(() => {});
}
