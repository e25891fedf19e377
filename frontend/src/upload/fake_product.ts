/**
 * The server and the store in memory, for tests: the same states, codes and expiry, and faults on
 * demand.
 */

import { Problem } from "./problem";
import type { MediaItem, Presigned, Put, UploadApi, UploadPolicy } from "./types";

type Call = keyof UploadApi | "put";

/**
 * A problem instead of the answer; "down": the call does not arrive; "lost": it is done, and the
 * answer does not arrive; "hang": no answer comes. Of a PUT also its status, or after how many
 * bytes it breaks off.
 */
export type Fault =
  | Problem
  | "down"
  | "lost"
  | "hang"
  | { status: number; retryAfterMs?: number }
  | { after: number; ending: "lost" | "hang" };

interface Kept {
  item: MediaItem;
  url: string;
  urlExpiresAt: number;
  expiresAt: number;
  storedBytes: number | null;
}

export class FakeProduct {
  /** Every call that was made, in order. */
  readonly calls: Call[] = [];
  readonly kept = new Map<number, Kept>();
  readonly puts: { url: string; headers: Record<string, string>; body: Blob }[] = [];
  /** What the verification finds, instead of a picture. */
  verdict: Problem | null = null;
  latencyMs = 10;
  urlLastsS = 300;
  pendingLastsS = 3600;
  limits: UploadPolicy = {
    kinds: {
      post_image: {
        max_bytes: 5_242_880,
        allowed_content_types: ["image/jpeg", "image/png", "image/webp"],
      },
      avatar: { max_bytes: 2_097_152, allowed_content_types: ["image/jpeg", "image/png"] },
    },
    max_pixels: 40_000_000,
    max_side_px: 32_768,
    max_pending: 20,
    max_pending_bytes: 100_000_000,
    max_stored_bytes: 1_000_000_000,
    unattached_expires_in: 86_400,
    upload_url_expires_in: 300,
    thumbnail_sizes: [128, 512, 1024],
  };
  #faults = new Map<Call, Fault[]>();
  #ids = 0;
  #urls = 0;

  /** What the next calls of this name meet, one each. */
  meet(call: Call, ...faults: Fault[]): void {
    this.#faults.set(call, [...(this.#faults.get(call) ?? []), ...faults]);
  }

  count(call: Call): number {
    return this.calls.filter((made) => made === call).length;
  }

  /** What counts for the quota: all but what has expired. */
  current(): MediaItem[] {
    const isCurrent = ({ item, expiresAt }: Kept) =>
      item.status === "ready" || performance.now() < expiresAt;
    return [...this.kept.values()].filter(isCurrent).map(({ item }) => item);
  }

  readonly api: UploadApi = {
    policy: (signal) => this.#answer("policy", signal, () => this.limits),
    presign: (what, signal) =>
      this.#answer("presign", signal, () => {
        this.#checkQuota(what.size_bytes);
        this.#ids += 1;
        const item = itemOf(this.#ids, what.kind, what.content_type, what.size_bytes);
        const expiresAt = performance.now() + this.pendingLastsS * 1000;
        return this.#sign({ item, url: "", urlExpiresAt: 0, expiresAt, storedBytes: null });
      }),
    presignAgain: (id, signal) =>
      this.#answer("presignAgain", signal, () => {
        const kept = this.#find(id);
        if (kept.item.status === "ready") throw refusal(409, "media_already_ready");
        this.#checkExpiry(kept);
        return this.#sign(kept);
      }),
    complete: (id, signal) =>
      this.#answer("complete", signal, () => this.#complete(this.#find(id))),
    describe: (id, alt, signal) =>
      this.#answer("describe", signal, () => {
        const kept = this.#find(id);
        kept.item = { ...kept.item, alt };
        return kept.item;
      }),
    remove: (id, signal) =>
      this.#answer("remove", signal, () => {
        this.#find(id);
        this.kept.delete(id);
      }),
  };

  readonly put: Put = async (upload, body, { signal, onProgress }) => {
    this.calls.push("put");
    this.puts.push({ url: upload.url, headers: upload.headers, body });
    const fault = this.#faults.get("put")?.shift();
    if (fault === "down") throw new TypeError("no way to the store");
    const breaksAfter = typeof fault === "object" && "after" in fault ? fault.after : body.size;
    for (const part of [0.25, 0.5, 0.75, 1]) {
      await passed(this.latencyMs, signal);
      if (part * body.size > breaksAfter) break;
      onProgress(part * body.size);
    }
    if (
      fault === "hang" ||
      (typeof fault === "object" && "ending" in fault && fault.ending === "hang")
    ) {
      await forever(signal);
    }
    if (breaksAfter < body.size) throw new TypeError("broken off");
    await passed(this.latencyMs, signal);
    if (typeof fault === "object" && "status" in fault) {
      return { status: fault.status, retryAfterMs: fault.retryAfterMs ?? null };
    }
    const kept = [...this.kept.values()].find((each) => each.url === upload.url);
    if (!kept || performance.now() >= kept.urlExpiresAt) return { status: 403, retryAfterMs: null };
    kept.storedBytes = body.size;
    if (fault === "lost") throw new TypeError("the answer was lost");
    return { status: 200, retryAfterMs: null };
  };

  async #answer<T>(call: Call, signal: AbortSignal | undefined, act: () => T): Promise<T> {
    this.calls.push(call);
    const fault = this.#faults.get(call)?.shift();
    await passed(this.latencyMs, signal);
    if (fault instanceof Problem) throw fault;
    if (fault === "down") throw new TypeError("no way to the server");
    if (fault === "hang") await forever(signal);
    const answer = act();
    await passed(this.latencyMs, signal);
    if (fault === "lost") throw new TypeError("the answer was lost");
    return answer;
  }

  #find(id: number): Kept {
    const kept = this.kept.get(id);
    if (!kept) throw refusal(404, "media_not_found", { media_id: id });
    return kept;
  }

  #sign(kept: Kept): Presigned {
    this.#urls += 1;
    kept.url = `https://store.example/incoming/${kept.item.id}?signature=${this.#urls}`;
    kept.urlExpiresAt = performance.now() + this.urlLastsS * 1000;
    this.kept.set(kept.item.id, kept);
    const headers = { "Content-Type": kept.item.content_type };
    const expires_in = this.urlLastsS;
    return {
      media_id: kept.item.id,
      upload: { method: "PUT", url: kept.url, headers, expires_in },
    };
  }

  #complete(kept: Kept): MediaItem {
    if (kept.item.status === "ready") return kept.item;
    this.#checkExpiry(kept);
    if (kept.storedBytes === null) throw refusal(409, "object_not_uploaded");
    if (this.verdict) {
      kept.storedBytes = null;
      throw this.verdict;
    }
    kept.item = {
      ...kept.item,
      status: "ready",
      width: 4,
      height: 3,
      media_url: kept.item.public_url,
    };
    return kept.item;
  }

  #checkExpiry(kept: Kept): void {
    if (performance.now() >= kept.expiresAt) throw refusal(410, "upload_expired");
  }

  #checkQuota(sizeBytes: number): void {
    const pending = this.current().filter(({ status }) => status === "pending");
    const retry_after_s = 60;
    if (pending.length >= this.limits.max_pending) {
      const { max_pending } = this.limits;
      throw refusal(429, "too_many_pending_uploads", { max_pending, retry_after_s });
    }
    const bytes = pending.reduce((sum, { size_bytes }) => sum + size_bytes, sizeBytes);
    if (bytes > this.limits.max_pending_bytes) {
      const { max_pending_bytes } = this.limits;
      throw refusal(429, "too_many_pending_bytes", { max_pending_bytes, retry_after_s });
    }
  }
}

export function refusal(status: number, code: string, context: Record<string, unknown> = {}) {
  const seconds = context.retry_after_s;
  const retryAfterMs = typeof seconds === "number" ? seconds * 1000 : null;
  return new Problem({ code, status, context, retryAfterMs });
}

function passed(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    signal?.addEventListener("abort", () => reject(signal.reason));
    setTimeout(resolve, ms);
  });
}

function forever(signal?: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason));
  });
}

function itemOf(id: number, kind: string, content_type: string, size_bytes: number): MediaItem {
  return {
    id,
    kind,
    status: "pending",
    content_type,
    size_bytes,
    width: null,
    height: null,
    alt: null,
    placeholder: null,
    public_url: `https://store.example/public/${id}`,
    media_url: null,
    original_url: null,
    thumbnails_status: "pending",
    thumbnails_error: null,
    created_at: "2026-01-01T00:00:00Z",
    thumb_128_url: null,
  };
}
