import { useEffect, useState } from "react";
import type { Media } from "../api/client";
import { renewPost, useRenewal } from "../live/renewal";
import { placeholderUrl, shownRatio, srcSetOf, thumbnailsOf } from "../ui/picture";
import { dropPreview, previewOf } from "./previews";

interface PictureProps {
  postId: number;
  media: Media;
  sizes: string;
  onOpen: () => void;
}

/** A post's picture. Its room is kept from the start, so that nothing jumps while it loads. */
export function Picture({ postId, media, sizes, onOpen }: PictureProps) {
  const renewal = useRenewal(renewPost(postId));
  const [isSharp, setSharp] = useState(false);
  const { width, height, placeholder } = media;
  const behind = placeholder ? placeholderUrl(placeholder) : null;
  const thumbnails = thumbnailsOf(media);
  const preview = previewOf(media.id);
  const label = media.alt ? `Open the picture: ${media.alt}` : "Open the picture";

  const hasFailed = media.thumbnails_status === "failed";

  useEffect(() => {
    if (hasFailed) dropPreview(media.id);
  }, [hasFailed, media.id]);

  if (hasFailed) {
    return (
      <p className="picture unshown" style={{ aspectRatio: "3 / 1" }}>
        This picture cannot be shown: the file seems to be damaged. Another copy of it may be whole.
      </p>
    );
  }
  return (
    <button
      type="button"
      className={`picture ${behind || preview ? "" : "shimmer"}`}
      style={{
        aspectRatio: String(shownRatio(width, height)),
        ...(behind && { backgroundImage: `url(${behind})` }),
      }}
      aria-label={label}
      onClick={onOpen}
    >
      {preview && !isSharp && <img src={preview} alt="" />}
      {thumbnails.length > 0 && (
        <img
          className={isSharp ? "sharp" : "loading"}
          src={thumbnails.at(-1)?.url}
          srcSet={srcSetOf(media)}
          sizes={sizes}
          width={width ?? undefined}
          height={height ?? undefined}
          alt={media.alt ?? ""}
          loading="lazy"
          decoding="async"
          onError={renewal.onError}
          onLoad={() => {
            renewal.onLoad();
            setSharp(true);
            dropPreview(media.id);
          }}
        />
      )}
    </button>
  );
}
