import { useState } from "react";
import type { Post } from "../api/client";
import { renewPost, useRenewal } from "../live/renewal";
import { Dialog } from "../ui/Dialog";
import { placeholderUrl, thumbnailsOf } from "../ui/picture";
import { previewOf } from "./previews";

/** The original, as large as the window lets it be; what is there already stands in for it. */
export function Lightbox({ post, onClose }: { post: Post; onClose: () => void }) {
  const [isLoaded, setLoaded] = useState(false);
  const [failed, setFailed] = useState<string | null>(null);
  const renewal = useRenewal(renewPost(post.id));
  const { media } = post;
  if (!media?.original_url) return null;
  const { width, height, alt, placeholder, original_url } = media;
  const behind = placeholder ? placeholderUrl(placeholder) : null;
  const meanwhile = thumbnailsOf(media).at(-1)?.url ?? previewOf(media.id);
  return (
    <Dialog title={`Picture by ${post.owner.username}`} className="lightbox" onClose={onClose}>
      <figure>
        <div className="room">
          <div
            className="original"
            style={{
              // As large as the window lets it be, never enlarged.
              ...(width &&
                height && {
                  aspectRatio: `${width} / ${height}`,
                  width: `min(100cqw, ${(100 * width) / height}cqh, ${width}px)`,
                }),
              ...(behind && { backgroundImage: `url(${behind})` }),
            }}
          >
            {meanwhile && !isLoaded && <img src={meanwhile} alt="" />}
            <img
              className={isLoaded ? "sharp" : "loading"}
              src={original_url}
              width={width ?? undefined}
              height={height ?? undefined}
              alt={alt ?? ""}
              onLoad={() => {
                renewal.onLoad();
                setLoaded(true);
              }}
              // There may be another URL by then, which has not failed.
              onError={(event) => void renewal.onError(event).then(() => setFailed(original_url))}
            />
          </div>
        </div>
        <figcaption>
          {alt && <span>{alt}</span>}
          {failed === original_url && <span role="alert">The original could not be loaded.</span>}
          <a href={original_url} target="_blank" rel="noreferrer">
            Original, {width} × {height}
          </a>
        </figcaption>
      </figure>
    </Dialog>
  );
}
