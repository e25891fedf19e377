/** An uploader with all that it needs, in memory and under a clock that tests turn. */

import { vi } from "vitest";
import { browser, type Environment } from "./environment";
import { FakeProduct } from "./fake_product";
import type { MediaItem, Upload, UploadState } from "./types";
import { createUploader, type UploaderOptions } from "./uploader";

export class FakeNetwork implements Environment {
  readonly now = browser.now;
  readonly after = browser.after;
  readonly #listeners = new Set<() => void>();
  #online = true;
  random = () => 0.5;
  isOnline = () => this.#online;

  onOnline = (callback: () => void) => {
    this.#listeners.add(callback);
    return () => void this.#listeners.delete(callback);
  };

  goOffline(): void {
    this.#online = false;
  }

  goOnline(): void {
    this.#online = true;
    for (const callback of [...this.#listeners]) callback();
  }

  get listeners(): number {
    return this.#listeners.size;
  }
}

export function playground(options: UploaderOptions = {}) {
  const product = new FakeProduct();
  const network = new FakeNetwork();
  const uploader = createUploader(product.api, {
    put: product.put,
    inspect: async () => null,
    environment: network,
    ...options,
  });
  const add = (file: Blob = picture(), alt?: string): Upload =>
    uploader.add(file, { kind: "post_image", ...(alt !== undefined && { alt }) });
  return { product, network, uploader, add };
}

export function picture(bytes = 1000, type = "image/jpeg"): File {
  return new File([new Uint8Array(bytes)], "cat.jpg", { type });
}

/** Lets time pass until nothing is left to happen. */
export async function settled(upload: Upload): Promise<UploadState> {
  await vi.runAllTimersAsync();
  return upload.state;
}

/** Lets time pass until the upload is in this phase, at most an hour. */
export async function until(upload: Upload, phase: UploadState["phase"]): Promise<void> {
  await untilSo(() => upload.state.phase === phase);
}

export async function untilSo(isSo: () => boolean): Promise<void> {
  for (let passed = 0; passed < 3_600_000 && !isSo(); passed += 5) {
    await vi.advanceTimersByTimeAsync(5);
  }
  if (!isSo()) throw new Error("It did not come to that");
}

/** The states that an upload goes through from here on. */
export function history(upload: Upload): UploadState[] {
  const states = [upload.state];
  upload.subscribe(() => states.push(upload.state));
  return states;
}

export function phases(states: UploadState[]): string[] {
  const all = states.map(({ phase }) => phase);
  return all.filter((phase, at) => phase !== all[at - 1]);
}

export function rejection(done: Promise<MediaItem>): Promise<unknown> {
  return done.then(
    () => null,
    (error: unknown) => error,
  );
}
