/** The server's events about the user's media. */

import { createEventSource } from "eventsource-client";
import { fetchAsUser, type Media } from "../api/client";
import { problemOf } from "../upload";

interface Listener {
  onMedia(media: Media): void;
  /** Whether events come just now. */
  onLive(isLive: boolean): void;
}

/** Listens until the answer is called. Whatever ends the stream, another one is opened. */
export function listen({ onMedia, onLive }: Listener): () => void {
  const events = createEventSource({
    url: new URL("/media/events", location.origin),
    fetch: openStream,
    onConnect: () => onLive(true),
    onScheduleReconnect: () => onLive(false),
    onMessage: ({ event, data }) => {
      if (event === "media") onMedia(JSON.parse(data) as Media);
    },
  });
  return () => {
    events.close();
    onLive(false);
  };
}

/** The client takes a refusal for a stream that ends at once, and asks again soon. */
async function openStream(input: string | URL, init?: RequestInit): Promise<Response> {
  const answer = await fetchAsUser(input, init);
  if (answer.ok) return answer;
  const problem = await problemOf(answer);
  await until(problem.retryAfterMs ?? 0, init?.signal);
  throw problem;
}

function until(ms: number, signal: AbortSignal | null | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
