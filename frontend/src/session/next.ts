/** Where a login leads: back to the page that asked for it. */

export function loginFor(path: string): string {
  return path === "/" ? "/login" : `/login?next=${encodeURIComponent(path)}`;
}

/** A path of this page alone: `?next=` may come from anyone. */
export function pageToGoTo(search: string): string {
  const next = new URLSearchParams(search).get("next") ?? "/";
  const url = URL.canParse(next, location.origin) ? new URL(next, location.origin) : null;
  const isOurs = url?.origin === location.origin && !url.pathname.startsWith("//");
  return isOurs ? url.pathname + url.search : "/";
}
