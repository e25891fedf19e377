import type { Media, Person } from "../api/client";
import { renewFace, useRenewal } from "../live/renewal";
import { srcSetOf } from "./picture";

export type Faced = Pick<Person, "username" | "avatar_url" | "avatar_thumb_url"> & {
  /** All its thumbnails, where they are known. */
  avatar?: Media | null;
};

/** A face, or the first letter of the name. It says nothing: the name stands beside it. */
export function Avatar({ of, size = 40 }: { of: Faced; size?: number }) {
  const renewal = useRenewal(renewFace(of.username));
  const url = of.avatar_thumb_url ?? of.avatar_url;
  return url ? (
    <img
      className="avatar"
      src={url}
      srcSet={of.avatar ? srcSetOf(of.avatar) : undefined}
      sizes={`${size}px`}
      width={size}
      height={size}
      alt=""
      decoding="async"
      {...renewal}
    />
  ) : (
    <span
      className="avatar letter"
      style={{ width: size, height: size, fontSize: size * 0.45 }}
      aria-hidden="true"
    >
      {of.username.slice(0, 1)}
    </span>
  );
}
