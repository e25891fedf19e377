import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { uploadApi } from "../api/client";
import { nameOf } from "../api/uploads";
import { ErrorNotice } from "../ui/ErrorNotice";
import { shrunk } from "../ui/images";
import type { Upload } from "../upload";
import { useUpload } from "../upload/react";

const TOO_MUCH = ["size_too_large", "too_many_pixels"];

interface ShrinkButtonProps {
  upload: Upload;
  onShrunk: (file: File) => void;
}

/** The way on with a picture that is too large: the same, smaller. */
export function ShrinkButton({ upload, onShrunk }: ShrinkButtonProps) {
  const { failure } = useUpload(upload);
  const isTooMuch = TOO_MUCH.includes(failure?.code ?? "");
  const { data: policy } = useQuery({
    queryKey: ["policy"],
    queryFn: ({ signal }) => uploadApi.policy(signal),
    enabled: isTooMuch,
  });
  const [isShrinking, setShrinking] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const maxBytes = policy?.kinds[upload.kind]?.max_bytes;
  if (!isTooMuch || !policy || !maxBytes) return null;

  async function shrink(limits: { maxBytes: number; maxPixels: number; maxSide: number }) {
    setShrinking(true);
    try {
      onShrunk(await shrunk(upload.file, limits, nameOf(upload.file)));
    } catch {
      setError("This browser cannot make it smaller.");
      setShrinking(false);
    }
  }

  return (
    <>
      <button
        type="button"
        disabled={isShrinking}
        onClick={() =>
          shrink({ maxBytes, maxPixels: policy.max_pixels, maxSide: policy.max_side_px })
        }
      >
        {isShrinking ? "Making it smaller …" : "Make it smaller"}
      </button>
      <ErrorNotice error={error} />
    </>
  );
}
