/** Drafts, and the posts that are on their way. They go on while another page is shown. */

import { answered, api, type Post, uploadApi } from "../api/client";
import { drop, readyMedia, until, uploader } from "../api/uploads";
import { session } from "../session/session";
import { createStore } from "../ui/store";
import { type MediaItem, Problem, type Upload } from "../upload";
import { keepPreview } from "./previews";

export interface Draft {
  id: number;
  body: string;
  alt: string;
  /** Its picture, which has been under way since it was chosen. */
  upload: Upload | null;
}

export interface Outgoing extends Draft {
  failure: unknown;
}

let lastId = 0;
export const drafts = createStore<readonly Draft[]>([emptyDraft()]);
export const outgoing = createStore<readonly Outgoing[]>([]);

let onPosted: (post: Post | null) => void = () => {};

/** Who shows posts is told of a new one; of null, when it is there but who knows where. */
export function tellOfPosts(tell: typeof onPosted): void {
  onPosted = tell;
}

function emptyDraft(): Draft {
  lastId += 1;
  return { id: lastId, body: "", alt: "", upload: null };
}

/** Each picture becomes a post of its own. The first one goes with what is written already. */
export function addPictures(files: Iterable<File>): void {
  const added = [...drafts.get()];
  for (const file of files) {
    const upload = uploader.add(file, { kind: "post_image" });
    const free = added.findIndex((draft) => draft.upload === null);
    const draft = added[free] ?? emptyDraft();
    added.splice(free < 0 ? added.length : free, 1, { ...draft, upload });
  }
  drafts.set(added);
}

export function changeDraft(id: number, changes: Partial<Pick<Draft, "body" | "alt">>): void {
  drafts.set(drafts.get().map((draft) => (draft.id === id ? { ...draft, ...changes } : draft)));
}

/** Take the picture out; what was written to the only draft stays. */
export function dropPicture(id: number): void {
  const all = drafts.get();
  const dropped = all.find((draft) => draft.id === id);
  if (dropped?.upload) drop(dropped.upload);
  const others = all.filter((draft) => draft.id !== id);
  drafts.set(others.length ? others : [{ ...emptyDraft(), body: dropped?.body ?? "" }]);
}

/** The same draft with another picture: a smaller one, say. */
export function replacePicture(id: number, file: File): void {
  drafts.set(
    drafts.get().map((draft) => {
      if (draft.id !== id) return draft;
      if (draft.upload) drop(draft.upload);
      return { ...draft, upload: uploader.add(file, { kind: "post_image" }) };
    }),
  );
}

export function isWorthPosting(draft: Draft): boolean {
  return draft.upload !== null || draft.body.trim() !== "";
}

/** Send all drafts. Pictures that are not up yet are waited for. */
export function publish(): void {
  const sent = drafts.get().filter(isWorthPosting);
  drafts.set([emptyDraft()]);
  outgoing.set([
    ...sent.map((draft) => ({ ...draft, failure: null })).reverse(),
    ...outgoing.get(),
  ]);
  void sendInOrder(sent);
}

/** One after the other, as they were written. One that has failed holds up none behind it. */
async function sendInOrder(sent: readonly Draft[]): Promise<void> {
  for (const { id, upload } of sent) {
    const sending = send(id);
    const failure = upload && until(upload, ({ phase }) => phase === "failed");
    await Promise.race(failure ? [sending, failure] : [sending]);
  }
}

export async function send(id: number): Promise<void> {
  const item = find(id);
  if (!item) return;
  setFailure(id, null);
  try {
    const media = item.upload && (await described(await readyMedia(item.upload), item.alt.trim()));
    if (!find(id)) return; // cancelled meanwhile
    if (item.upload && media) keepPreview(media.id, item.upload.file);
    onPosted(await createPost(item.body.trim(), media?.id ?? null));
    leave(id);
    if (item.upload) uploader.dismiss(item.upload);
  } catch (error) {
    if (find(id)) setFailure(id, error);
  }
}

async function createPost(body: string, media_id: number | null): Promise<Post | null> {
  try {
    return await answered(api.POST("/posts", { body: { body, media_id } }));
  } catch (error) {
    // An answer was lost, and it was asked for again: the picture is in its post already.
    if (error instanceof Problem && error.code === "media_already_attached") return null;
    throw error;
  }
}

/** With what was written of the picture. A post without it is better than none. */
async function described(media: MediaItem, alt: string): Promise<MediaItem> {
  return alt ? uploadApi.describe(media.id, alt).catch(() => media) : media;
}

export function giveUp(id: number): void {
  const item = find(id);
  leave(id);
  if (item?.upload) drop(item.upload);
}

function find(id: number): Outgoing | undefined {
  return outgoing.get().find((item) => item.id === id);
}

function leave(id: number): void {
  outgoing.set(outgoing.get().filter((item) => item.id !== id));
}

function setFailure(id: number, failure: unknown): void {
  outgoing.set(outgoing.get().map((item) => (item.id === id ? { ...item, failure } : item)));
}

// After a 401 the same user goes on where they were.
session.subscribe(() => {
  if (!session.get()) return;
  for (const upload of uploader.uploads) {
    if (upload.state.failure?.code === "not_authenticated") upload.retry();
  }
  for (const { id, failure } of outgoing.get()) if (isUnauthenticated(failure)) void send(id);
});

function isUnauthenticated(failure: unknown): boolean {
  return failure instanceof Problem && failure.code === "not_authenticated";
}

// With a picture a post cannot be made twice. Without one only its user knows whether it is there.
addEventListener("online", () => {
  for (const { id, failure, upload } of outgoing.get()) if (failure && upload) void send(id);
});

session.onChangeOfUser(() => {
  for (const upload of uploader.uploads) drop(upload);
  drafts.set([emptyDraft()]);
  outgoing.set([]);
});

addEventListener("beforeunload", (event) => {
  const isBusy = outgoing.get().length > 0 || drafts.get().some((draft) => draft.upload);
  if (isBusy && session.get()) event.preventDefault();
});
