import { useId, useRef } from "react";
import { useFocusIfLost } from "../ui/focus";
import { changeDraft, type Draft } from "./drafts";

/** What is said in a post. */
export function BodyField({ draft: { id, body } }: { draft: Draft }) {
  const fieldId = useId();
  const field = useRef<HTMLTextAreaElement>(null);
  useFocusIfLost(field);
  return (
    <>
      <label htmlFor={fieldId} className="unseen">
        What is new?
      </label>
      <textarea
        id={fieldId}
        ref={field}
        rows={2}
        maxLength={2000}
        placeholder="What is new?"
        value={body}
        onChange={(event) => changeDraft(id, { body: event.target.value })}
      />
    </>
  );
}
