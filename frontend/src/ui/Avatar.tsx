import type { Person } from "../api/client";

type Faced = Pick<Person, "username" | "avatar_url" | "avatar_thumb_url">;

/** A face, or the first letter of the name. It says nothing: the name stands beside it. */
export function Avatar({ of, size = 40 }: { of: Faced; size?: number }) {
  const url = (size <= 128 && of.avatar_thumb_url) || of.avatar_url;
  return url ? (
    <img className="avatar" src={url} width={size} height={size} alt="" decoding="async" />
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
