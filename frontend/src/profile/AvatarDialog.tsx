import { useRef, useState } from "react";
import Cropper, { type Area } from "react-easy-crop";
import "react-easy-crop/react-easy-crop.css";
import { drop, readyMedia, uploader } from "../api/uploads";
import { Dialog } from "../ui/Dialog";
import { ErrorNotice } from "../ui/ErrorNotice";
import { cropped } from "../ui/images";
import { usePreview } from "../ui/preview";
import { UploadFailure } from "../ui/UploadFailure";
import { UploadProgress } from "../ui/UploadProgress";
import type { Upload } from "../upload";
import { useSetAvatar } from "./queries";

// Sharp wherever an avatar is shown, and far below what one may weigh.
const SIDE_PX = 800;
const UNREADABLE = "This file is no picture that can be read here. Cancel, and choose another one.";

interface AvatarDialogProps {
  file: File;
  onClose: () => void;
}

/** Choose a square of a picture, see it as it will be, and have it. */
export default function AvatarDialog({ file, onClose }: AvatarDialogProps) {
  const url = usePreview(file);
  const [crop, setCrop] = useState({ x: 0, y: 0 });
  const [zoom, setZoom] = useState(1);
  const [area, setArea] = useState<Area | null>(null);
  const [upload, setUpload] = useState<Upload | null>(null);
  const [isUnreadable, setUnreadable] = useState(false);
  const [isSaving, setSaving] = useState(false);
  const hasLeft = useRef(false);
  const choice = useSetAvatar();

  async function save(square: Area, of: string) {
    setSaving(true);
    const picture = await cropped(of, square, SIDE_PX, "avatar.jpg").catch(() => null);
    if (!picture) return setUnreadable(true);
    if (hasLeft.current) return;
    const started = uploader.add(picture, { kind: "avatar" });
    setUpload(started);
    show(started);
  }

  function show(avatar: Upload) {
    readyMedia(avatar).then(
      ({ id }) => choice.mutate(id, { onSuccess: () => finish(avatar) }),
      () => {}, // cancelled
    );
  }

  function finish(avatar: Upload) {
    uploader.dismiss(avatar);
    onClose();
  }

  // Who leaves in the middle keeps the avatar they had.
  function leave() {
    hasLeft.current = true;
    if (upload) drop(upload);
    onClose();
  }

  return (
    <Dialog title="Your avatar" onClose={leave}>
      {!isUnreadable && (
        <div className="cropper">
          {url && (
            <Cropper
              image={url}
              crop={crop}
              zoom={zoom}
              aspect={1}
              objectFit="cover"
              keyboardStep={10}
              cropShape="round"
              showGrid={false}
              // The style sheet is a file: the page's policy lets nothing be injected.
              disableAutomaticStylesInjection
              onCropChange={setCrop}
              onZoomChange={setZoom}
              onCropComplete={(_, pixels) => setArea(pixels)}
              mediaProps={{ onError: () => setUnreadable(true) }}
            />
          )}
        </div>
      )}
      <label className="zoom">
        Zoom
        <input
          type="range"
          min={1}
          max={3}
          step={0.05}
          disabled={isUnreadable}
          value={zoom}
          onChange={(event) => setZoom(Number(event.target.value))}
        />
      </label>
      <ErrorNotice error={isUnreadable && UNREADABLE} />
      {upload && <UploadProgress upload={upload} />}
      {upload && <UploadFailure upload={upload} />}
      <ErrorNotice error={choice.error} onRetry={() => upload && show(upload)} />
      <div className="choices">
        <button type="button" onClick={leave}>
          Cancel
        </button>
        <button
          type="button"
          className="primary"
          disabled={!area || !url || isSaving || isUnreadable}
          onClick={() => area && url && save(area, url)}
        >
          Save
        </button>
      </div>
    </Dialog>
  );
}
