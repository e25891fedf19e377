import type { ReactNode } from "react";
import { inWords } from "../upload";

interface ErrorNoticeProps {
  /** What was thrown, or words that say it already; nothing is shown for nothing. */
  error: unknown;
  onRetry?: (() => void) | undefined;
  /** Other ways on. */
  children?: ReactNode;
}

/** What went wrong, in words, with a way on where there is one. */
export function ErrorNotice({ error, onRetry, children }: ErrorNoticeProps) {
  if (!error) return null;
  return (
    <div className="error" role="alert">
      <p>{typeof error === "string" ? error : inWords(error)}</p>
      {children}
      {onRetry && (
        <button type="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}
