/** Where a login leads: back to the page that asked for it. */

export function loginFor(path: string): string {
  return path === "/" ? "/login" : `/login?next=${encodeURIComponent(path)}`;
}

/** A path of this page alone: `?next=` may come from anyone. */
export function pageToGoTo(search: string): string {
  const next = new URLSearchParams(search).get("next") ?? "/";
  try {
    const { origin, pathname, search: query } = new URL(next, location.origin);
    return origin === location.origin && !pathname.startsWith("//") ? pathname + query : "/";
  } catch {
    return "/"; // no address at all
  }
}
