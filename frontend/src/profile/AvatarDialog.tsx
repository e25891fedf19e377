import { useEffect, useRef, useState } from "react";
import Cropper, { type Area } from "react-easy-crop";
import "react-easy-crop/react-easy-crop.css";
import { uploader } from "../posts/posting";
import { Dialog } from "../ui/Dialog";
import { ErrorNotice } from "../ui/ErrorNotice";
import { cropped } from "../ui/images";
import { usePreview } from "../ui/preview";
import { UploadFailure } from "../ui/UploadFailure";
import { UploadProgress } from "../ui/UploadProgress";
import type { Upload } from "../upload";
import { useUpload } from "../upload/react";
import { useSetAvatar } from "./queries";

// Sharp wherever an avatar is shown, and far below what one may weigh.
const SIDE_PX = 800;
const UNREADABLE = "This file is no picture that can be read here. Choose another one.";

/** Choose a square of a picture, see it as it will be, and have it. */
export default function AvatarDialog({ file, onClose }: { file: File; onClose: () => void }) {
  const url = usePreview(file);
  const [crop, setCrop] = useState({ x: 0, y: 0 });
  const [zoom, setZoom] = useState(1);
  const [area, setArea] = useState<Area | null>(null);
  const [upload, setUpload] = useState<Upload | null>(null);
  const [error, setError] = useState<unknown>(null);

  async function save(square: Area, of: string) {
    setError(null);
    try {
      setUpload(uploader.add(await cropped(of, square, SIDE_PX, "avatar.jpg"), { kind: "avatar" }));
    } catch {
      setError(UNREADABLE);
    }
  }

  return (
    <Dialog title="Your avatar" className="avatar-dialog" onClose={onClose}>
      <div className="cropper">
        {url && (
          <Cropper
            image={url}
            crop={crop}
            zoom={zoom}
            aspect={1}
            cropShape="round"
            showGrid={false}
            // The style sheet is a file: the page's policy lets nothing be injected.
            disableAutomaticStylesInjection
            onCropChange={setCrop}
            onZoomChange={setZoom}
            onCropComplete={(_, pixels) => setArea(pixels)}
            mediaProps={{ onError: () => setError(UNREADABLE) }}
          />
        )}
      </div>
      <label className="zoom">
        Zoom
        <input
          type="range"
          min={1}
          max={3}
          step={0.05}
          value={zoom}
          onChange={(event) => setZoom(Number(event.target.value))}
        />
      </label>
      <ErrorNotice error={error} />
      {upload && <Saving upload={upload} onDone={onClose} />}
      <div className="choices">
        <button type="button" onClick={onClose}>
          Cancel
        </button>
        <button
          type="button"
          className="primary"
          disabled={!area || !url || upload !== null}
          onClick={() => area && url && save(area, url)}
        >
          Save
        </button>
      </div>
    </Dialog>
  );
}

function Saving({ upload, onDone }: { upload: Upload; onDone: () => void }) {
  const state = useUpload(upload);
  const choice = useSetAvatar();
  const { mutate } = choice;
  const mediaId = state.media?.id;
  const done = useRef(onDone);
  done.current = onDone;

  useEffect(() => {
    if (mediaId !== undefined) mutate(mediaId, { onSuccess: () => done.current() });
  }, [mediaId, mutate]);

  // Who leaves in the middle keeps the avatar they had.
  useEffect(
    () => () => {
      if (upload.state.phase !== "ready") upload.cancel();
      uploader.dismiss(upload);
    },
    [upload],
  );

  return (
    <>
      <UploadProgress upload={upload} />
      <UploadFailure upload={upload} />
      <ErrorNotice
        error={choice.error}
        onRetry={() => mediaId !== undefined && mutate(mediaId, { onSuccess: onDone })}
      />
    </>
  );
}
