import type { ReactNode } from "react";
import type { Upload } from "../upload";
import { useUpload } from "../upload/react";
import { ErrorNotice } from "./ErrorNotice";

/** Why an upload has failed, and the ways on: once more, or those within. */
export function UploadFailure({ upload, children }: { upload: Upload; children?: ReactNode }) {
  const { failure } = useUpload(upload);
  return (
    <ErrorNotice
      error={failure?.message}
      onRetry={failure?.canRetry ? () => upload.retry() : undefined}
    >
      {children}
    </ErrorNotice>
  );
}
