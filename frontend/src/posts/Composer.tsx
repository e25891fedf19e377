import {
  type ClipboardEvent,
  type DragEvent,
  type FormEvent,
  useId,
  useRef,
  useState,
} from "react";
import { OFFERED_TYPES } from "../api/uploads";
import { PictureIcon } from "../ui/icons";
import { useStore } from "../ui/store";
import { DraftCard } from "./DraftCard";
import { addPictures, changeDraft, drafts, isWorthPosting, publish } from "./posting";

/** Where posts are written. Pictures are chosen, dropped or pasted, and upload at once. */
export function Composer() {
  const all = useStore(drafts);
  const chooser = useRef<HTMLInputElement>(null);
  const [isDraggedOver, setDraggedOver] = useState(false);
  const id = useId();
  const pictures = all.filter((draft) => draft.upload);
  const text = pictures.length === 0 ? all[0] : undefined;

  function take(files: FileList | null | undefined): boolean {
    const images = [...(files ?? [])];
    if (images.length) addPictures(images);
    return images.length > 0;
  }

  function drop(event: DragEvent) {
    event.preventDefault();
    setDraggedOver(false);
    take(event.dataTransfer.files);
  }

  function paste(event: ClipboardEvent) {
    if (take(event.clipboardData.files)) event.preventDefault();
  }

  function submit(event: FormEvent) {
    event.preventDefault();
    publish();
  }

  return (
    <form
      className={`card composer ${isDraggedOver ? "dragged-over" : ""}`}
      aria-label="New post"
      onSubmit={submit}
      onKeyDown={(event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
          event.currentTarget.requestSubmit();
        }
      }}
      onPaste={paste}
      onDrop={drop}
      onDragOver={(event) => {
        event.preventDefault();
        setDraggedOver(true);
      }}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null))
          setDraggedOver(false);
      }}
    >
      {text && (
        <>
          <label htmlFor={id} className="unseen">
            What is new?
          </label>
          <textarea
            id={id}
            rows={2}
            maxLength={2000}
            placeholder="What is new?"
            value={text.body}
            onChange={(event) => changeDraft(text.id, { body: event.target.value })}
          />
        </>
      )}
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
            take(event.target.files);
            event.target.value = ""; // the same file can be chosen again
          }}
        />
        <small className="hint">or drop them here, or paste</small>
        <button type="submit" className="primary" disabled={!all.some(isWorthPosting)}>
          {pictures.length > 1 ? `Post all ${pictures.length}` : "Post"}
        </button>
      </div>
    </form>
  );
}
