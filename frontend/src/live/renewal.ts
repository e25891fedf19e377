/** Other URLs for pictures whose signed ones have ended, on a page that was left open for hours. */

import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { type SyntheticEvent, useRef } from "react";
import { changeFace, changePost, keys } from "../api/cache";
import { fetchPost } from "../posts/queries";
import { fetchProfile } from "../profile/queries";

// Many pictures of one post, and many faces of one user, end together: one answer is for all.
const FRESH_MS = 10_000;

type Renew = (queries: QueryClient) => Promise<void>;
type OfImage = SyntheticEvent<HTMLImageElement>;

/** What an image does that shows nothing, and what it does that shows something.
 *
 * It asks for another URL, once: again only after one has shown something. A URL that is not
 * signed has not ended, and there is no other.
 */
export function useRenewal(renew: Renew) {
  const queries = useQueryClient();
  const hasAsked = useRef(false);
  return {
    onLoad: () => {
      hasAsked.current = false;
    },
    /** Settles when there is another URL, or none. */
    onError: async ({ currentTarget }: OfImage) => {
      if (hasAsked.current || !isSigned(currentTarget)) return;
      hasAsked.current = true;
      await renew(queries).catch(() => {}); // what cannot be asked for is not shown
    },
  };
}

function isSigned(image: HTMLImageElement): boolean {
  return new URL(image.currentSrc || image.src, location.href).search !== "";
}

export const renewPost =
  (id: number): Renew =>
  async (queries) => {
    const queryFn = () => fetchPost(id);
    const post = await queries.fetchQuery({ queryKey: keys.one(id), queryFn, staleTime: FRESH_MS });
    changePost(queries, id, post);
  };

export const renewFace =
  (username: string): Renew =>
  async (queries) => {
    const queryKey = keys.profile(username);
    const queryFn = () => fetchProfile(username);
    changeFace(queries, await queries.fetchQuery({ queryKey, queryFn, staleTime: FRESH_MS }));
  };
