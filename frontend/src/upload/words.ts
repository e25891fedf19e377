/** Problems in words. The words are data: change or translate them here. */

import { asProblem } from "./problem";

const UNAVAILABLE = "The service is not available at the moment. Try again soon.";
const FULL = "There is no room left on the server. Try again later.";
const NOT_UNDERSTOOD = "The server did not understand the request. Reload the page and try again.";

/**
 * By code. `{name}` is a value of the problem, `{name|form}` puts it into one of the forms below.
 */
export const WORDS: Readonly<Record<string, string>> = {
  // The file.
  content_type_not_allowed:
    "A file of {content_type|type} is not accepted. Choose a {allowed_content_types|types} picture.",
  size_too_large:
    "The file has {size_bytes|sizeUp}; at most {max_bytes|size} are accepted. Choose a smaller one.",
  size_not_positive: "The file is empty. Choose another one.",
  too_many_pixels:
    "The picture has {width} x {height} pixels. At most {max_pixels|megapixels} are accepted, " +
    "and {max_side_px} pixels on a side. Make it smaller first.",
  not_an_image: "The file is no picture, or a damaged one: {reason}.",
  content_type_mismatch:
    "The file turned out to be of {found|type}, not of {declared|type}. Choose another one.",
  file_unreadable:
    "The file cannot be read any more: it was moved, changed or deleted. Choose it again.",

  // The upload.
  size_mismatch:
    "Something else arrived than was sent: {stored_bytes} bytes, not {declared_bytes}. Try again.",
  object_not_uploaded: "The picture did not arrive. Try again.",
  upload_changed: "The picture was replaced while it was being checked. Try again.",
  upload_expired: "The upload took too long. Try again.",
  completion_in_progress:
    "The picture is still being checked. Try again in {retry_after_s|duration}.",
  connection_lost: "The connection was lost. Check it, then try again.",
  store_refused: "The store refused the upload (status {status}). Try again.",
  unexpected: "Something unexpected happened. Try again.",

  // Limits.
  too_many_pending_uploads:
    "{max_pending} uploads are not finished, which is the limit. Finish or cancel one, or try " +
    "again in {retry_after_s|duration}.",
  too_many_pending_bytes:
    "Uploads that are not finished may have {max_pending_bytes|size} together. Finish or cancel " +
    "one, or try again in {retry_after_s|duration}.",
  storage_quota_exceeded:
    "There is no room for {size_bytes|sizeUp}: you use {stored_bytes|sizeUp} of " +
    "{max_stored_bytes|size}. Delete something first.",
  rate_limited: "That was too often. Try again in {retry_after_s|duration}.",
  too_busy: "Too many are here at once. Try again in a moment.",
  too_many_streams: "The page is open in too many tabs. Close one of them.",

  // Media, posts and users.
  media_not_found: "The picture is not there any more. Upload it again.",
  media_already_ready: "The picture is uploaded already.",
  media_not_ready: "The picture is not uploaded completely yet.",
  media_already_attached:
    "The picture is in another post already. Upload it again to use it twice.",
  media_still_shown: "The picture is still shown. Delete the post, or replace the avatar, first.",
  kind_unknown: "Pictures cannot be uploaded as {kind|name} here.",
  wrong_kind:
    "The picture was uploaded as {kind|name}; this place needs one that was uploaded as " +
    "{expected_kind|name}.",
  post_not_found: "The post is not there any more, or it is not yours to change.",
  empty_post: "Write something, or add a picture.",
  text_unfit: "The text does not fit: it {reason}.",
  username_taken: "The user name {username} is taken. Choose another one.",
  username_unfit: "A user name has 3 to 30 characters: a to z, 0 to 9 and _.",
  password_unfit: "A password has {min_length} to {max_length} characters.",
  password_too_common:
    "Too many people use this password, or it is your user name. Choose another; several words " +
    "make a good one.",
  user_not_found: "There is no user {user}.",
  wrong_credentials: "User name or password is wrong.",
  not_authenticated: "You are not logged in any more. Log in, then try again.",
  cursor_unfit: "This list cannot go on from here. Start again from the top.",

  // The server.
  not_found: "There is nothing at this address.",
  invalid_request: "The request does not fit. {errors|fields}",
  malformed_request: NOT_UNDERSTOOD,
  method_not_allowed: NOT_UNDERSTOOD,
  request_too_large: "That is too much at once. Send less.",
  internal_error: "Something went wrong at the server. Try again soon.",
  not_ready: UNAVAILABLE,
  database_unavailable: UNAVAILABLE,
  object_store_unavailable: UNAVAILABLE,
  thumbnail_queue_unavailable: UNAVAILABLE,
  decoder_unavailable: UNAVAILABLE,
  database_full: FULL,
  object_store_full: FULL,
  thumbnail_queue_full: FULL,
  decoder_full: FULL,
};

const FORMS: Readonly<Record<string, (value: unknown) => string>> = {
  size: (bytes) => sized(Number(bytes), Math.floor),
  // So that a file one byte over the limit does not seem to be as large as the limit.
  sizeUp: (bytes) => sized(Number(bytes), Math.ceil),
  megapixels: (pixels) => `${Math.floor(Number(pixels) / 100_000) / 10} megapixels`,
  duration: (seconds) => lasting(Number(seconds)),
  type: (type) => (type ? `type ${format(type)}` : "unknown type"),
  types: (types) =>
    (types as unknown[])
      .map(format)
      .join(", ")
      .replace(/, ([^,]*)$/, " or $1"),
  name: (slug) => String(slug).replaceAll("_", " "),
  fields: (errors) =>
    (errors as Record<string, unknown>[]).map((at) => `${at.field}: ${at.message}.`).join(" "),
};

/** Any error as a sentence or two that its reader can act on. */
export function inWords(error: unknown): string {
  const { code, status, detail, context } = asProblem(error);
  return (
    filled(WORDS[code] ?? "", { status, ...context }) ||
    detail ||
    (status >= 500 ? UNAVAILABLE : `Something went wrong (${code}). Try again.`)
  );
}

/**
 * The words with the values in their places; nothing where a value is missing or of another form.
 */
function filled(words: string, values: Record<string, unknown>): string {
  try {
    return words.replace(/\{(\w+)\|?(\w*)\}/g, (_, name: string, form: string) => {
      const value = values[name];
      if (value === undefined || value === null) throw new TypeError(`no ${name}`);
      return (FORMS[form] ?? String)(value);
    });
  } catch {
    return "";
  }
}

function format(type: unknown): string {
  const [, name] = /^image\/(.+)/.exec(String(type)) ?? [];
  return name?.toUpperCase().replace("WEBP", "WebP") ?? String(type);
}

function sized(bytes: number, round: (value: number) => number): string {
  const [unit, name] =
    bytes < 2 ** 20 ? [2 ** 10, "KB"] : bytes < 2 ** 30 ? [2 ** 20, "MB"] : [2 ** 30, "GB"];
  return `${round((bytes / unit) * 10) / 10} ${name}`;
}

function lasting(seconds: number): string {
  const [unit, name] =
    seconds < 100 ? [1, "second"] : seconds < 6000 ? [60, "minute"] : [3600, "hour"];
  const count = Math.max(1, Math.ceil(seconds / unit));
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}
