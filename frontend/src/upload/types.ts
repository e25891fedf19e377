/** What the upload core shows to the outside, and what it needs of the API and of the store. */

/** What a media item is for: "post_image" or "avatar", unless the server knows others. */
export type Kind = string;

/** The limits of uploads, as `GET /media/policy` gives them. */
export interface UploadPolicy {
  kinds: Record<Kind, { max_bytes: number; allowed_content_types: string[] }>;
  max_pixels: number;
  max_side_px: number;
  max_pending: number;
  max_pending_bytes: number;
  max_stored_bytes: number;
  unattached_expires_in: number;
  upload_url_expires_in: number;
  thumbnail_sizes: number[];
}

/** A media item, as the API shows it. A URL is null until there is something behind it. */
export interface MediaItem {
  id: number;
  kind: Kind;
  status: "pending" | "ready";
  content_type: string;
  size_bytes: number;
  width: number | null;
  height: number | null;
  alt: string | null;
  placeholder: string | null;
  public_url: string;
  media_url: string | null;
  original_url: string | null;
  thumbnails_status: "pending" | "ready" | "failed";
  thumbnails_error: string | null;
  created_at: string;
  /** One for each size that is set at the server. */
  [thumbnail: `thumb_${number}_url`]: string | null;
}

/** A pending media item with the permission to upload it. */
export interface Presigned {
  media_id: number;
  upload: UploadInstructions;
}

export interface UploadInstructions {
  method: "PUT";
  url: string;
  /** To be sent exactly so: the signature is over them. */
  headers: Record<string, string>;
  /** Seconds, from when the answer came. */
  expires_in: number;
}

export interface PresignRequest {
  kind: Kind;
  content_type: string;
  size_bytes: number;
  filename?: string;
}

/**
 * The calls that an upload makes. Each rejects with a `Problem`, or a `TypeError` when the network
 * is down.
 */
export interface UploadApi {
  policy(signal?: AbortSignal): Promise<UploadPolicy>;
  presign(what: PresignRequest, signal?: AbortSignal): Promise<Presigned>;
  presignAgain(mediaId: number, signal?: AbortSignal): Promise<Presigned>;
  complete(mediaId: number, signal?: AbortSignal): Promise<MediaItem>;
  describe(mediaId: number, alt: string | null, signal?: AbortSignal): Promise<MediaItem>;
  remove(mediaId: number, signal?: AbortSignal): Promise<void>;
}

/** Sends the bytes to the store. Rejects with a `TypeError` when there is no answer. */
export type Put = (
  upload: UploadInstructions,
  file: Blob,
  watch: { signal: AbortSignal; onProgress(sentBytes: number): void },
) => Promise<{ status: number; retryAfterMs: number | null }>;

export type Phase =
  | "waiting"
  | "checking"
  | "asking"
  | "sending"
  | "verifying"
  | "ready"
  | "failed"
  | "cancelled";

/** An upload at one moment. Each change is a new object. */
export interface UploadState {
  readonly phase: Phase;
  readonly sentBytes: number;
  readonly totalBytes: number;
  /** 1, and one more with each setback. */
  readonly attempt: number;
  /**
   * Why nothing happens just now, and until when by the clock on the wall (as `Date.now()`), where
   * that is known.
   */
  readonly pause: null | { reason: "offline" | "retry" | "rate"; until: number | null };
  readonly media: MediaItem | null;
  readonly failure: null | { code: string; message: string; canRetry: boolean };
}

export interface Upload {
  readonly id: string;
  readonly file: Blob;
  readonly kind: Kind;
  readonly state: UploadState;
  /**
   * The ready media item. Rejects when the upload fails or is cancelled; `retry` makes a new
   * promise.
   */
  readonly done: Promise<MediaItem>;
  subscribe(listener: () => void): () => void;
  /** Stops, and deletes what is at the server. Without effect on what is ready. */
  cancel(): void;
  /** Goes on after a failure, from as far as it had come. */
  retry(): void;
  /** What the picture shows, in words. At any time. */
  setAlt(alt: string): void;
}

export interface Uploader {
  add(file: Blob, options: { kind: Kind; alt?: string }): Upload;
  /** In the order in which they were added; a new array when one comes or goes. */
  readonly uploads: readonly Upload[];
  subscribe(listener: () => void): () => void;
  /** Takes an upload off the list, and cancels it unless it is ready. */
  dismiss(upload: Upload): void;
}
