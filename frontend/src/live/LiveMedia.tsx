import { useQueryClient } from "@tanstack/react-query";
import { createEventSource } from "eventsource-client";
import { useEffect, useState, useSyncExternalStore } from "react";
import { fetchAsUser, type Media } from "../api/client";
import { changeMedia, changePost, owedPosts } from "../posts/cache";
import { fetchPost } from "../posts/queries";
import { problemOf } from "../upload";

// What the stream does not tell, or no longer: other people's posts, and events that were lost.
const POLL_MS = { whileLive: 5000, otherwise: 1500 };

/** Brings thumbnails into the posts that wait for them, without a reload. Shows nothing. */
export function LiveMedia() {
  const queries = useQueryClient();
  const [isLive, setLive] = useState(false);
  const isVisible = useIsVisible();

  // A browser keeps six connections to a server, for all tabs: one that nobody looks at needs none.
  useEffect(() => {
    if (!isVisible) return;
    const events = createEventSource({
      url: new URL("/media/events", location.origin),
      fetch: openStream,
      onConnect: () => setLive(true),
      onScheduleReconnect: () => setLive(false),
      onMessage: ({ event, data }) => {
        if (event === "media") changeMedia(queries, JSON.parse(data) as Media);
      },
    });
    return () => {
      events.close();
      setLive(false);
    };
  }, [queries, isVisible]);

  useEffect(() => {
    if (!isVisible) return;
    async function look() {
      if (!navigator.onLine) return;
      for (const { id } of owedPosts(queries)) {
        const post = await fetchPost(id).catch(() => null);
        if (post) changePost(queries, id, post);
      }
    }
    void look();
    const timer = setInterval(look, isLive ? POLL_MS.whileLive : POLL_MS.otherwise);
    return () => clearInterval(timer);
  }, [queries, isLive, isVisible]);

  return null;
}

/** The client takes a refusal for a stream that ends at once: it has to be told. */
async function openStream(...asked: Parameters<typeof fetchAsUser>): Promise<Response> {
  const answer = await fetchAsUser(...asked);
  if (!answer.ok) throw await problemOf(answer);
  return answer;
}

function useIsVisible(): boolean {
  return useSyncExternalStore(
    (listener) => {
      document.addEventListener("visibilitychange", listener);
      return () => document.removeEventListener("visibilitychange", listener);
    },
    () => document.visibilityState === "visible",
  );
}
