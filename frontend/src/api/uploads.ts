/** The page's uploads: one line for all, so that they do not take the connection from one another. */

import { createUploader, type MediaItem, type Upload } from "../upload";
import { uploadApi } from "./client";

export const uploader = createUploader(uploadApi);

/** Its media item. A failed upload waits for its user to try again, or to give it up. */
export function readyMedia(upload: Upload): Promise<MediaItem> {
  return new Promise((resolve, reject) => {
    const look = () => {
      const { phase, media } = upload.state;
      if (phase !== "ready" && phase !== "cancelled") return;
      stop();
      if (media) resolve(media);
      else reject(new Error("The upload was cancelled."));
    };
    const stop = upload.subscribe(look);
    look();
  });
}

/** Leave nothing of an upload behind, however far it is. */
export function drop(upload: Upload): void {
  const { media } = upload.state;
  uploader.dismiss(upload);
  // What is shown already is refused to be deleted, and stays.
  if (media) uploadApi.remove(media.id).catch(() => {});
}
