/** The server's events about the user's media. */

import { createEventSource } from "eventsource-client";
import { fetchAsUser, type Media } from "../api/client";
import { Problem, problemOf } from "../upload";

const LONGEST_PAUSE_MS = 60_000;

interface Listener {
  onMedia(media: Media): void;
  /** Whether events come just now. */
  onLive(isLive: boolean): void;
}

/** Listens until the answer is called. Whatever ends the stream, another one is opened. */
export function listen({ onMedia, onLive }: Listener): () => void {
  const events = createEventSource({
    url: new URL("/media/events", location.origin),
    fetch: patientFetch(),
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

/** The client takes a refusal for a stream that ends at once, and asks again soon, for ever. */
function patientFetch() {
  let pauseMs = 0;
  return async (input: string | URL, init?: RequestInit): Promise<Response> => {
    try {
      const answer = await fetchAsUser(input, init);
      if (!answer.ok) throw await problemOf(answer);
      pauseMs = 0;
      return answer;
    } catch (error) {
      const wishedMs = error instanceof Problem ? error.retryAfterMs : null;
      pauseMs = Math.min(2 * pauseMs + 1000, LONGEST_PAUSE_MS);
      await until(wishedMs ?? pauseMs, init?.signal);
      throw error;
    }
  };
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
