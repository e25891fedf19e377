import { type ClipboardEvent, type FormEvent, type KeyboardEvent, useRef } from "react";
import { OFFERED_TYPES, usePhases } from "../api/uploads";
import { PictureIcon } from "../ui/icons";
import { useStore } from "../ui/store";
import { BodyField } from "./BodyField";
import { DraftCard } from "./DraftCard";
import { addPictures, drafts, isWorthPosting } from "./drafts";
import { useDrop } from "./drops";
import { publish } from "./outbox";

/** Where posts are written. Pictures are chosen, dropped or pasted, and upload at once. */
export function Composer() {
  const all = useStore(drafts);
  const chooser = useRef<HTMLInputElement>(null);
  const isDraggedOver = useDrop(addPictures);
  const pictures = all.filter((draft) => draft.upload);
  const text = pictures.length === 0 ? all[0] : undefined;
  usePhases(all.flatMap(({ upload }) => upload ?? []));
  const count = all.filter(isWorthPosting).length;

  function paste(event: ClipboardEvent) {
    const { files, types } = event.clipboardData;
    // What is copied from a document is there as a picture, too.
    if (files.length === 0 || types.includes("text/plain")) return;
    event.preventDefault();
    addPictures(files);
  }

  function submit(event: FormEvent) {
    event.preventDefault();
    publish();
  }

  function press(event: KeyboardEvent<HTMLFormElement>) {
    if (event.key !== "Enter") return;
    if (event.ctrlKey || event.metaKey) event.currentTarget.requestSubmit();
    // Whoever describes one picture has not finished with the others.
    else if (event.target instanceof HTMLInputElement) event.preventDefault();
  }

  return (
    <form
      className={`card composer ${isDraggedOver ? "dragged-over" : ""}`}
      aria-label="New post"
      onSubmit={submit}
      onKeyDown={press}
      onPaste={paste}
    >
      {text && <BodyField draft={text} />}
      {pictures.map((draft) => (
        <DraftCard key={draft.id} draft={draft} />
      ))}
      <div className="choices">
        <button type="button" className="quiet" onClick={() => chooser.current?.click()}>
          <PictureIcon /> {pictures.length ? "More pictures" : "Pictures"}
        </button>
        <input
          ref={chooser}
          type="file"
          accept={OFFERED_TYPES}
          multiple
          hidden
          aria-label="Choose pictures"
          onChange={(event) => {
            addPictures(event.target.files ?? []);
            event.target.value = ""; // the same file can be chosen again
          }}
        />
        <small className="hint">or drop them here, or paste</small>
        <button type="submit" className="primary" disabled={count === 0}>
          {count > 1 ? `Publish ${count} posts` : "Post"}
        </button>
      </div>
    </form>
  );
}
