import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { uploadApi } from "../api/client";
import { ErrorNotice } from "../ui/ErrorNotice";
import { CloseIcon } from "../ui/icons";
import { shrunk } from "../ui/images";
import { usePreview } from "../ui/preview";
import { UploadProgress } from "../ui/UploadProgress";
import { type Upload, useUpload } from "../upload";
import { changeDraft, type Draft, dropPicture, replacePicture } from "./posting";

/** A post that is being written around a picture. */
export function DraftCard({ draft }: { draft: Draft }) {
  const preview = usePreview(draft.upload?.file);
  const id = useId();
  if (!draft.upload) return null;
  const name = nameOf(draft.upload.file);
  return (
    <fieldset className="draft">
      <legend className="unseen">Post with {name}</legend>
      <div className="thumb">{preview && <img src={preview} alt="" />}</div>
      <div className="fields">
        <label htmlFor={`${id}-body`} className="unseen">
          What is new?
        </label>
        <textarea
          id={`${id}-body`}
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
        <UploadFailure upload={draft.upload} onReplace={(file) => replacePicture(draft.id, file)} />
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

const TOO_MUCH = ["size_too_large", "too_many_pixels"];

interface UploadFailureProps {
  upload: Upload;
  onReplace: (file: File) => void;
}

/** Why a picture is not taken, and the ways on: again, or smaller. */
function UploadFailure({ upload, onReplace }: UploadFailureProps) {
  const { failure } = useUpload(upload);
  const policy = useQuery({
    queryKey: ["policy"],
    queryFn: ({ signal }) => uploadApi.policy(signal),
    enabled: TOO_MUCH.includes(failure?.code ?? ""),
  });
  const [isShrinking, setShrinking] = useState(false);
  const [error, setError] = useState<unknown>(null);
  if (!failure) return null;
  const maxBytes = policy.data?.kinds[upload.kind]?.max_bytes;

  async function shrink(limits: { maxBytes: number; maxPixels: number }) {
    setShrinking(true);
    try {
      onReplace(await shrunk(upload.file, limits, nameOf(upload.file)));
    } catch (problem) {
      setError(problem);
    } finally {
      setShrinking(false);
    }
  }

  return (
    <div className="error" role="alert">
      <p>{failure.message}</p>
      <ErrorNotice error={error} />
      {policy.data && maxBytes && (
        <button
          type="button"
          disabled={isShrinking}
          onClick={() => shrink({ maxBytes, maxPixels: policy.data.max_pixels })}
        >
          {isShrinking ? "Making it smaller …" : "Make it smaller"}
        </button>
      )}
      {failure.canRetry && (
        <button type="button" onClick={() => upload.retry()}>
          Try again
        </button>
      )}
    </div>
  );
}

function nameOf(file: Blob): string {
  return file instanceof File ? file.name : "the picture";
}
