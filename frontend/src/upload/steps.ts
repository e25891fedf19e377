/** The way of one file to the server: check, ask, send, verify. */

import { check, type Inspect } from "./checks";
import type { Environment } from "./environment";
import type { Pending } from "./pending";
import { ANSWER_MS, persist } from "./persist";
import { asProblem, Problem } from "./problem";
import type { Loss } from "./recovery";
import { send } from "./send";
import type {
  Kind,
  MediaItem,
  Presigned,
  Put,
  UploadApi,
  UploadInstructions,
  UploadPolicy,
  UploadState,
} from "./types";
import { abortable, withPatience } from "./waiting";

/** What uploads of one uploader share. */
export interface Parts {
  api: UploadApi;
  put: Put;
  inspect: Inspect;
  env: Environment;
  pending: Pending;
  policy(): Promise<UploadPolicy>;
}

interface Permit {
  upload: UploadInstructions;
  staleAt: number;
  uses: number;
}

/** A URL is not used in the last part of its life: the request has to get there, too. */
const USABLE_PART = 0.9;
/** What a store refuses without CORS headers looks like a lost connection. Another URL may help. */
const USES = 2;
/** Deleting goes on after a cancel: that is what it is for. */
const UNSTOPPABLE = new AbortController().signal;

/** Remembers what it has reached, so that `go` can be called again after each setback. */
export class Steps {
  readonly #file: Blob;
  readonly #kind: Kind;
  readonly #parts: Parts;
  readonly #tell: (change: Partial<UploadState>) => void;
  #mediaId: number | null = null;
  #permit: Permit | null = null;
  #isSent = false;
  #releases = 0;

  constructor(file: Blob, kind: Kind, parts: Parts, tell: (change: Partial<UploadState>) => void) {
    this.#file = file;
    this.#kind = kind;
    this.#parts = parts;
    this.#tell = tell;
  }

  /** From as far as it has come to the ready media item. */
  async go(signal: AbortSignal): Promise<MediaItem> {
    if (this.#mediaId !== null) this.#parts.pending.hold(this);
    if (!this.#isSent) {
      const contentType = await this.#check(signal);
      const permit = await this.#ask(contentType, signal);
      if (permit) await this.#send(permit, signal);
    }
    return await this.#verify(signal);
  }

  /** Takes back what a setback has cost. */
  forget(loss: Loss): void {
    if (loss === "nothing") return;
    this.#permit = null;
    this.#isSent = false;
    if (loss === "media") {
      this.#mediaId = null;
      this.pause();
    }
  }

  /** Nobody needs to wait for this one any more. */
  pause(): void {
    this.#parts.pending.release(this);
  }

  /** Resolves once there may be room for this one; null where no upload of ours makes any. */
  room(): Promise<void> | null {
    this.#parts.pending.withdraw(this);
    return this.#parts.pending.nextRelease(this.#releases);
  }

  /** Deletes what is at the server, where that can be done: otherwise it expires there. */
  async remove(): Promise<void> {
    const mediaId = this.#mediaId;
    this.#mediaId = null;
    if (mediaId !== null) await this.#delete(mediaId);
    this.pause();
  }

  async #check(signal: AbortSignal): Promise<string> {
    this.#tell({ phase: "checking" });
    const { policy, inspect } = this.#parts;
    const limits = await abortable(policy(), signal);
    return await abortable(
      check(this.#file, { kind: this.#kind, policy: limits, inspect }),
      signal,
    );
  }

  /** A URL that can be used; null where none is needed any more. */
  async #ask(contentType: string, signal: AbortSignal): Promise<Permit | null> {
    const { api, env } = this.#parts;
    const old = this.#permit;
    if (old && old.uses < USES && env.now() < old.staleAt) return old;
    this.#tell({ phase: "asking" });
    const mediaId = this.#mediaId;
    try {
      const { media_id, upload } =
        mediaId === null
          ? await this.#presign(contentType, signal)
          : await withPatience(env, ANSWER_MS, signal, (own) => api.presignAgain(mediaId, own));
      this.#mediaId = media_id;
      // The server's clock may be wrong here, or ours: what counts is how long ago the answer came.
      const staleAt = env.now() + upload.expires_in * 1000 * USABLE_PART;
      this.#permit = { upload, staleAt, uses: 0 };
      return this.#permit;
    } catch (error) {
      if (asProblem(error).code !== "media_already_ready") throw error;
      this.#isSent = true;
      return null;
    }
  }

  async #presign(contentType: string, signal: AbortSignal): Promise<Presigned> {
    const { api, env, pending } = this.#parts;
    const what = {
      kind: this.#kind,
      content_type: contentType,
      size_bytes: this.#file.size,
      ...("name" in this.#file && { filename: String(this.#file.name) }),
    };
    let asked: Promise<Presigned> | undefined;
    this.#releases = pending.releases;
    pending.hold(this);
    try {
      return await withPatience(env, ANSWER_MS, signal, () => {
        asked = api.presign(what); // Not aborted: whoever cancels must know what to delete.
        return asked;
      });
    } catch (error) {
      if (asked && !(error instanceof Problem)) this.#deleteLate(asked);
      throw error;
    }
  }

  /** Nobody waits for this media item any more, and it would count for the quota. */
  #deleteLate(asked: Promise<Presigned>): void {
    const { env, pending } = this.#parts;
    const late = asked.then(({ media_id }) => this.#delete(media_id));
    pending.hold(asked);
    withPatience(env, ANSWER_MS, UNSTOPPABLE, () => late).then(
      () => pending.release(asked),
      () => pending.withdraw(asked),
    );
  }

  async #send(permit: Permit, signal: AbortSignal): Promise<void> {
    const { env, put } = this.#parts;
    let sentBytes = 0;
    const onProgress = (bytes: number) => {
      sentBytes = bytes;
      this.#tell({ sentBytes });
    };
    this.#tell({ phase: "sending", sentBytes });
    permit.uses += 1;
    try {
      await send(this.#file, permit.upload, { env, put, signal, onProgress });
      this.#isSent = true;
    } catch (error) {
      // Perhaps only the answer was lost: completing it says whether the bytes were, too.
      const isLost = asProblem(error).code === "connection_lost";
      this.#isSent = isLost && sentBytes === this.#file.size;
      throw error;
    }
  }

  async #verify(signal: AbortSignal): Promise<MediaItem> {
    const { api, env } = this.#parts;
    const mediaId = this.#mediaId as number;
    this.#tell({ phase: "verifying", sentBytes: this.#file.size });
    return await withPatience(env, ANSWER_MS, signal, (own) => api.complete(mediaId, own));
  }

  async #delete(mediaId: number): Promise<void> {
    const { api, env } = this.#parts;
    await persist(env, UNSTOPPABLE, (own) => api.remove(mediaId, own)).catch(() => {});
  }
}
