/** Looks for what the stream does not tell: other people's thumbnails, and events that were lost. */

import type { QueryClient } from "@tanstack/react-query";
import { changePost, dropPost, owedPosts } from "../api/cache";
import { fetchPost } from "../posts/queries";
import { Problem } from "../upload";

const SLOWEST_MS = 15_000;

/** Looks again and again, less often the longer nothing comes, until the answer is called. */
export function poll(queries: QueryClient, everyMs: number): () => void {
  let timer: ReturnType<typeof setTimeout>;
  let isOver = false;
  let pauseMs = everyMs;
  let seen = "";

  async function look() {
    const owed = navigator.onLine ? owedPosts(queries) : [];
    for (const { id } of owed) if (!isOver) await lookAt(queries, id);
    if (isOver) return;
    const ids = owed.map(({ id }) => id).join();
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

async function lookAt(queries: QueryClient, id: number): Promise<void> {
  try {
    changePost(queries, id, await fetchPost(id));
  } catch (error) {
    if (error instanceof Problem && error.status === 404) dropPost(queries, id);
  }
}
