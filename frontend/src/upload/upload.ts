/** One upload's life: it waits in line, goes step by step, and gets over setbacks or ends. */

import type { Line } from "./line";
import { isOffline, persist, rest } from "./persist";
import { asProblem, type Problem } from "./problem";
import { canRetry, isMismatch, isPendingQuota, lossBy } from "./recovery";
import { type Parts, Steps } from "./steps";
import { createStore, type Store } from "./store";
import type { Kind, MediaItem, Upload, UploadState } from "./types";
import { abortable } from "./waiting";
import { inWords } from "./words";

/** Tries that get no further than one before. */
const MAX_TRIES = 6;

export interface NewUpload {
  id: string;
  file: Blob;
  kind: Kind;
  alt?: string;
}

export class FileUpload implements Upload {
  readonly id: string;
  readonly file: Blob;
  readonly kind: Kind;
  readonly #parts: Parts;
  readonly #line: Line;
  readonly #steps: Steps;
  readonly #state: Store<UploadState>;
  #stop = new AbortController();
  #done: Promise<MediaItem>;
  #alt: string | undefined;
  #describing: Promise<void> = Promise.resolve();
  #setbacks = 0;
  #hadMismatch = false;
  #farthest = 0;

  constructor({ id, file, kind, alt }: NewUpload, parts: Parts, line: Line) {
    this.id = id;
    this.file = file;
    this.kind = kind;
    this.#alt = alt;
    this.#parts = parts;
    this.#line = line;
    this.#steps = new Steps(file, kind, parts, this.#tell);
    this.#state = createStore<UploadState>({
      phase: "waiting",
      sentBytes: 0,
      totalBytes: file.size,
      attempt: 1,
      pause: null,
      media: null,
      failure: null,
    });
    this.#done = this.#start();
  }

  get state(): UploadState {
    return this.#state.get();
  }

  get done(): Promise<MediaItem> {
    return this.#done;
  }

  subscribe = (listener: () => void): (() => void) => this.#state.subscribe(listener);

  cancel = (): void => {
    const { phase } = this.state;
    if (phase === "ready" || phase === "cancelled") return;
    this.#stop.abort();
    this.#state.set({ ...this.state, phase: "cancelled", pause: null, failure: null });
    if (phase === "failed") void this.#steps.remove(); // Else `#live` does, as it ends.
  };

  retry = (): void => {
    if (!this.state.failure?.canRetry) return;
    this.#setbacks = 0;
    this.#hadMismatch = false;
    this.#state.set({ ...this.state, phase: "waiting", attempt: 1, failure: null });
    this.#done = this.#start();
  };

  setAlt = (alt: string): void => {
    this.#alt = alt;
    if (this.state.phase !== "ready") return; // It will be sent when its time comes.
    this.#describing = this.#describing.then(async () => {
      const media = await this.#described(this.state.media as MediaItem, this.#stop.signal);
      if (media !== this.state.media) this.#tell({ media });
    });
  };

  #start(): Promise<MediaItem> {
    this.#stop = new AbortController();
    const done = this.#live(this.#stop.signal);
    done.catch(() => {}); // Whoever does not wait for it looks at the state.
    return done;
  }

  async #live(signal: AbortSignal): Promise<MediaItem> {
    let leave = () => {};
    try {
      leave = await this.#line.enter(signal);
      const media = await this.#described(await this.#persevere(signal), signal);
      signal.throwIfAborted();
      this.#steps.pause();
      this.#tell({ phase: "ready", media });
      return media;
    } catch (error) {
      if (signal.aborted) void this.#steps.remove();
      else this.#fail(asProblem(error));
      throw error;
    } finally {
      leave();
    }
  }

  async #persevere(signal: AbortSignal): Promise<MediaItem> {
    for (;;) {
      try {
        return await this.#steps.go(signal);
      } catch (error) {
        signal.throwIfAborted();
        await this.#recover(asProblem(error), signal);
      }
    }
  }

  /** Makes ready for the next try, or throws the problem where there is none. */
  async #recover(problem: Problem, signal: AbortSignal): Promise<void> {
    const room = isPendingQuota(problem) ? this.#steps.room() : null;
    if (room) {
      this.#tell({ phase: "waiting" });
      return await abortable(room, signal);
    }
    const loss = lossBy(problem);
    if (loss === undefined) throw problem;
    this.#steps.forget(loss);
    if (!isOffline(this.#parts.env, problem)) this.#count(problem);
    await rest(this.#parts.env, problem, this.#setbacks, signal, (pause) =>
      this.#tell(pause ? { pause, attempt: this.state.attempt + 1 } : { pause }),
    );
  }

  #count(problem: Problem): void {
    this.#setbacks += 1;
    if (this.#setbacks >= MAX_TRIES || (isMismatch(problem) && this.#hadMismatch)) throw problem;
    this.#hadMismatch ||= isMismatch(problem);
  }

  #fail(problem: Problem): void {
    const failure = { code: problem.code, message: inWords(problem), canRetry: canRetry(problem) };
    this.#tell({ phase: "failed", pause: null, failure });
    if (failure.canRetry) this.#steps.pause();
    else void this.#steps.remove();
  }

  /** The media item with its alt text. One that cannot be described is ready all the same. */
  async #described(media: MediaItem, signal: AbortSignal): Promise<MediaItem> {
    let described = media;
    let told: string | undefined = media.alt ?? "";
    try {
      while (this.#alt !== undefined && this.#alt !== told) {
        const alt: string = this.#alt;
        described = await persist(this.#parts.env, signal, (own) =>
          this.#parts.api.describe(media.id, alt || null, own),
        );
        told = alt;
      }
    } catch {
      signal.throwIfAborted();
    }
    return described;
  }

  #tell = (change: Partial<UploadState>): void => {
    if (this.#stop.signal.aborted) return;
    const { sentBytes = 0 } = change;
    if (sentBytes > this.#farthest) {
      this.#farthest = sentBytes;
      this.#setbacks = 0;
    }
    this.#state.set({ ...this.state, ...change });
  };
}
