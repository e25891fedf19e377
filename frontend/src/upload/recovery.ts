/** What can be done about a problem: one table from code to what has to be done over. */

import type { Problem } from "./problem";

/**
 * What a setback takes from an upload: the URL and what was sent to it, or the media item with
 * them.
 */
export type Loss = "nothing" | "upload" | "media";

const FIRST_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 30_000;

const LOSSES: Readonly<Record<string, Loss>> = {
  connection_lost: "nothing",
  rate_limited: "nothing",
  completion_in_progress: "nothing",
  upload_changed: "nothing",
  object_store_unavailable: "nothing",
  // The URL has expired, or is not to the store's liking.
  store_refused: "upload",
  object_not_uploaded: "upload",
  // The server has removed what had arrived.
  size_mismatch: "upload",
  content_type_mismatch: "upload",
  upload_expired: "media",
  // Swept after it expired, deleted elsewhere, or someone else has logged in.
  media_not_found: "media",
};

/** Problems of the file itself. */
const HOPELESS = new Set([
  "content_type_not_allowed",
  "content_type_mismatch",
  "file_unreadable",
  "invalid_request",
  "not_an_image",
  "size_not_positive",
  "size_too_large",
  "too_many_pixels",
]);

const PENDING_QUOTAS = new Set(["too_many_pending_uploads", "too_many_pending_bytes"]);

/** What to do over; undefined where trying again by oneself is no use. */
export function lossBy({ code, status }: Problem): Loss | undefined {
  const isPassing = status >= 500 && status !== 507; // 507: someone must make room first.
  return LOSSES[code] ?? (isPassing ? "nothing" : undefined);
}

/** Whether the same file may do better when the user tries again. */
export function canRetry({ code }: Problem): boolean {
  return !HOPELESS.has(code);
}

/** Whether others must finish first. */
export function isPendingQuota({ code }: Problem): boolean {
  return PENDING_QUOTAS.has(code);
}

/** What was found at the store is not what was sent: once is an accident. */
export function isMismatch({ code }: Problem): boolean {
  return code === "size_mismatch" || code === "content_type_mismatch";
}

/**
 * How long to wait after so many setbacks: twice as long each time, by chance half of it, and never
 * less than asked.
 */
export function pauseMs(setbacks: number, { retryAfterMs }: Problem, random: () => number): number {
  const longest = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (setbacks - 1));
  const pause = longest * (0.5 + random() / 2);
  return retryAfterMs === null ? pause : retryAfterMs + pause / 2;
}
