import { useId } from "react";
import { nameOf } from "../api/uploads";
import { CloseIcon } from "../ui/icons";
import { usePreview } from "../ui/preview";
import { UploadFailure } from "../ui/UploadFailure";
import { UploadProgress } from "../ui/UploadProgress";
import { BodyField } from "./BodyField";
import { changeDraft, type Draft, dropPicture, replacePicture } from "./drafts";
import { ShrinkButton } from "./ShrinkButton";

/** A post that is being written around a picture. */
export function DraftCard({ draft }: { draft: Draft }) {
  const preview = usePreview(draft.upload?.file);
  const id = useId();
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
        <BodyField draft={draft} />
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
