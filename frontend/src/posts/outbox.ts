/** Posts on their way. They go on while another page is shown. */

import { answered, api, isProblem, type Post, uploadApi } from "../api/client";
import { drop, readyMedia, until, uploader } from "../api/uploads";
import { session } from "../session/session";
import { createStore } from "../ui/store";
import type { MediaItem, Upload } from "../upload";
import { type Draft, putBack, takeDrafts } from "./drafts";
import { keepPreview } from "./previews";

export interface Outgoing extends Draft {
  failure: unknown;
  /** Sent again, it cannot be there twice: it was never sent, or its picture can be in one post alone. */
  isSafe: boolean;
}

export const outgoing = createStore<readonly Outgoing[]>([]);

let onPosted: (post: Post | null) => void = () => {};

/** Who shows posts is told of a new one; of null, when it is there but who knows where. */
export function tellOfPosts(tell: typeof onPosted): void {
  onPosted = tell;
}

/** Send all drafts. Pictures that are not up yet are waited for. */
export function publish(): void {
  const sent = takeDrafts().map((draft) => ({ ...draft, failure: null, isSafe: true }));
  outgoing.set([...sent.toReversed(), ...outgoing.get()]);
  void sendInOrder(sent);
}

/** One after the other, as they were written. One that has failed holds up none behind it. */
async function sendInOrder(sent: readonly Outgoing[]): Promise<void> {
  for (const { id, upload } of sent) {
    const sending = send(id);
    const failure = upload && until(upload, ({ phase }) => phase === "failed");
    await Promise.race(failure ? [sending, failure] : [sending]);
  }
}

export async function send(id: number): Promise<void> {
  const old = find(id);
  if (!old) return;
  const item = { ...old, failure: null, upload: uploadAfter(old) };
  change(id, item);
  try {
    const media = item.upload && (await described(await readyMedia(item.upload), item.alt.trim()));
    if (!find(id)) return; // cancelled meanwhile
    change(id, { isSafe: media !== null || !navigator.onLine });
    const post = await createPost(item.body.trim(), media?.id ?? null);
    if (item.upload && media) keepPreview(media.id, item.upload.file);
    if (find(id)) onPosted(post);
    else if (post) await remove(post.id);
    leave(id);
    if (item.upload) uploader.dismiss(item.upload);
  } catch (error) {
    change(id, { failure: error });
  }
}

async function createPost(body: string, media_id: number | null): Promise<Post | null> {
  try {
    return await answered(api.POST("/posts", { body: { body, media_id } }));
  } catch (error) {
    // An answer was lost, and it was asked for again: the picture is in its post already.
    if (isProblem(error, "media_already_attached")) return null;
    throw error;
  }
}

async function described(media: MediaItem, alt: string): Promise<MediaItem> {
  return alt ? await uploadApi.describe(media.id, alt) : media;
}

/** The same upload; another one where the server has swept away what waited for too long. */
function uploadAfter({ upload, failure }: Outgoing): Upload | null {
  if (!upload || !isProblem(failure, "media_not_found")) return upload;
  uploader.dismiss(upload);
  return uploader.add(upload.file, { kind: "post_image" });
}

async function remove(post_id: number): Promise<void> {
  await answered(api.DELETE("/posts/{post_id}", { params: { path: { post_id } } }));
}

export function giveUp(id: number): void {
  const upload = find(id)?.upload;
  leave(id);
  if (upload) drop(upload);
}

/** Write on at what could not be sent. */
export function takeBack(id: number): void {
  const item = find(id);
  leave(id);
  if (item) putBack({ id, body: item.body, alt: item.alt, upload: item.upload });
}

function find(id: number): Outgoing | undefined {
  return outgoing.get().find((item) => item.id === id);
}

function change(id: number, changes: Partial<Outgoing>): void {
  outgoing.set(outgoing.get().map((item) => (item.id === id ? { ...item, ...changes } : item)));
}

function leave(id: number): void {
  outgoing.set(outgoing.get().filter((item) => item.id !== id));
}

// After a 401 the same user goes on where they were.
session.subscribe(() => {
  if (!session.get()) return;
  for (const upload of uploader.uploads) {
    if (upload.state.failure?.code === "not_authenticated") upload.retry();
  }
  for (const { id, failure } of outgoing.get()) {
    if (isProblem(failure, "not_authenticated")) void send(id);
  }
});

// Otherwise only its user knows whether it is there.
addEventListener("online", () => {
  for (const { id, failure, isSafe } of outgoing.get()) if (failure && isSafe) void send(id);
});

session.onChangeOfUser(() => outgoing.set([]));

addEventListener("beforeunload", (event) => {
  if (outgoing.get().length > 0 && session.get()) event.preventDefault();
});
