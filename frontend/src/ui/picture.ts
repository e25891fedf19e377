/** What a media object says about how to show it. */

import { thumbHashToDataURL } from "thumbhash";
import type { Media } from "../api/client";

/** The thumbnails that exist, as `srcset` wants them: each with the width that it really has.
 *
 * Their sizes are the server's to choose, so the fields are looked for: `thumb_{size}_url`.
 */
export function srcSetOf(media: Media): string {
  const { width, height, media_url } = media;
  if (!width || !height) return "";
  const set = thumbnailsOf(media).map(
    ({ size, url }) => `${url} ${shownWidth(width, height, size)}w`,
  );
  // A thumbnail of a tower is so narrow that it would be seen blurred.
  if (media_url && width / height < TOWER) set.push(`${media_url} ${width}w`);
  return set.join(", ");
}

export function thumbnailsOf(media: Media): { size: number; url: string }[] {
  return Object.entries(media)
    .flatMap(([name, url]) => {
      const size = /^thumb_(\d+)_url$/.exec(name)?.[1];
      return size && typeof url === "string" ? [{ size: Number(size), url }] : [];
    })
    .sort((one, other) => one.size - other.size);
}

/** A thumbnail fits in a square and is never enlarged. */
function shownWidth(width: number, height: number, size: number): number {
  return Math.max(1, Math.round(width * Math.min(1, size / Math.max(width, height))));
}

const TOWER = 0.6;
// A tower of a screenshot would push everything else away: it is cut, and whole in the lightbox.
const TALLEST = 4 / 5;

/** The ratio of the room that a picture has in a list. */
export function shownRatio(width: number | null, height: number | null): number {
  return width && height ? Math.max(width / height, TALLEST) : 4 / 3;
}

const placeholders = new Map<string, string>();

/** The ThumbHash as a picture, blurred and tiny. */
export function placeholderUrl(hash: string): string | null {
  const known = placeholders.get(hash);
  if (known) return known;
  try {
    const bytes = Uint8Array.from(atob(hash), (character) => character.charCodeAt(0));
    const url = thumbHashToDataURL(bytes);
    placeholders.set(hash, url);
    return url;
  } catch {
    return null;
  }
}
