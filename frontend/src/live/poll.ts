/** Looks for what the stream does not tell: other people's thumbnails, and events that were lost. */

import type { QueryClient } from "@tanstack/react-query";
import { changeFace, changePost, dropIfGone, owedFaces, owedPosts } from "../api/cache";
import { fetchPost } from "../posts/queries";
import { fetchProfile } from "../profile/queries";

const SLOWEST_MS = 15_000;

/** Looks again and again, less often the longer nothing comes, until the answer is called. */
export function poll(queries: QueryClient, everyMs: number): () => void {
  let timer: ReturnType<typeof setTimeout>;
  let isOver = false;
  let pauseMs = everyMs;
  let seen = "";

  async function look() {
    const posts = navigator.onLine ? owedPosts(queries).map(({ id }) => id) : [];
    const faces = navigator.onLine ? owedFaces(queries).map(({ username }) => username) : [];
    for (const id of posts) if (!isOver) await lookAtPost(queries, id);
    for (const username of faces) if (!isOver) await lookAtFace(queries, username);
    if (isOver) return;
    const ids = [...posts, ...faces].join();
    pauseMs = ids && ids === seen ? Math.min(pauseMs * 1.5, SLOWEST_MS) : everyMs;
    seen = ids;
    timer = setTimeout(look, pauseMs);
  }

  void look();
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}

async function lookAtPost(queries: QueryClient, id: number): Promise<void> {
  try {
    changePost(queries, id, await fetchPost(id));
  } catch (error) {
    dropIfGone(queries, id, error);
  }
}

async function lookAtFace(queries: QueryClient, username: string): Promise<void> {
  const profile = await fetchProfile(username).catch(() => null);
  if (profile) changeFace(queries, profile);
}
