import { useId, useRef } from "react";
import { nameOf } from "../api/uploads";
import { useFocusIfLost } from "../ui/focus";
import { CloseIcon } from "../ui/icons";
import { usePreview } from "../ui/preview";
import { UploadFailure } from "../ui/UploadFailure";
import { UploadProgress } from "../ui/UploadProgress";
import { changeDraft, type Draft, dropPicture, replacePicture } from "./drafts";
import { ShrinkButton } from "./ShrinkButton";

/** A post that is being written around a picture. */
export function DraftCard({ draft }: { draft: Draft }) {
  const preview = usePreview(draft.upload?.file);
  const id = useId();
  const text = useRef<HTMLTextAreaElement>(null);
  useFocusIfLost(text);
  if (!draft.upload) return null;
  const name = nameOf(draft.upload.file);
  return (
    <fieldset className="draft">
      <legend className="unseen">Post with {name}</legend>
      <div className="thumb">
        {preview && (
          <img
            src={preview}
            alt=""
            onError={({ currentTarget }) => {
              currentTarget.hidden = true; // no picture, as its upload says, too
            }}
          />
        )}
      </div>
      <div className="fields">
        <label htmlFor={`${id}-body`} className="unseen">
          What is new?
        </label>
        <textarea
          id={`${id}-body`}
          ref={text}
          rows={2}
          maxLength={2000}
          placeholder="What is new?"
          value={draft.body}
          onChange={(event) => changeDraft(draft.id, { body: event.target.value })}
        />
        <label htmlFor={`${id}-alt`}>What does it show? For those who cannot see it.</label>
        <input
          id={`${id}-alt`}
          maxLength={1500}
          placeholder="A lake at dawn, mist over the water"
          value={draft.alt}
          onChange={(event) => changeDraft(draft.id, { alt: event.target.value })}
        />
        <UploadProgress upload={draft.upload} />
        <UploadFailure upload={draft.upload}>
          <ShrinkButton upload={draft.upload} onShrunk={(file) => replacePicture(draft.id, file)} />
        </UploadFailure>
      </div>
      <button
        type="button"
        className="quiet round"
        aria-label={`Take ${name} out`}
        onClick={() => dropPicture(draft.id)}
      >
        <CloseIcon />
      </button>
    </fieldset>
  );
}
