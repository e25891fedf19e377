/** Posts that are being written. They stay while another page is shown. */

import { drop, uploader } from "../api/uploads";
import { session } from "../session/session";
import { createStore } from "../ui/store";
import type { Upload } from "../upload";

export interface Draft {
  id: number;
  body: string;
  alt: string;
  /** Its picture, which has been under way since it was chosen. */
  upload: Upload | null;
}

let lastId = 0;
export const drafts = createStore<readonly Draft[]>([emptyDraft()]);

function emptyDraft(body = ""): Draft {
  lastId += 1;
  return { id: lastId, body, alt: "", upload: null };
}

export function isWorthPosting({ upload, body }: Draft): boolean {
  return upload ? upload.state.phase !== "failed" : body.trim() !== "";
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

/** Take the picture out. What was written to it goes to the next one that has no words. */
export function dropPicture(id: number): void {
  const dropped = drafts.get().find((draft) => draft.id === id);
  if (!dropped) return;
  if (dropped.upload) drop(dropped.upload);
  const others = drafts.get().filter((draft) => draft !== dropped);
  const heir = others.find((draft) => !draft.body);
  if (others.length === 0) drafts.set([emptyDraft(dropped.body)]);
  else drafts.set(others.map((each) => (each === heir ? { ...each, body: dropped.body } : each)));
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

/** The drafts to be sent. Those that cannot be are left. */
export function takeDrafts(): Draft[] {
  const taken = drafts.get().filter(isWorthPosting);
  const left = drafts.get().filter((draft) => draft.upload && !taken.includes(draft));
  drafts.set(left.length ? left : [emptyDraft()]);
  return taken;
}

/** Write on at a draft that was sent. */
export function putBack(draft: Draft): void {
  drafts.set([draft, ...drafts.get().filter(({ upload, body }) => upload || body)]);
}

session.onChangeOfUser(() => {
  for (const upload of uploader.uploads) drop(upload);
  drafts.set([emptyDraft()]);
});

addEventListener("beforeunload", (event) => {
  if (drafts.get().some(isWorthPosting) && session.get()) event.preventDefault();
});
