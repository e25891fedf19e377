import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState, useSyncExternalStore } from "react";
import { changeMedia } from "../api/cache";
import { poll } from "./poll";
import { listen } from "./stream";

const POLL_MS = { whileLive: 5000, otherwise: 1500 };

/** Brings thumbnails into the posts that wait for them, without a reload. Shows nothing. */
export function LiveMedia() {
  const queries = useQueryClient();
  const [isLive, setLive] = useState(false);
  const isVisible = useIsVisible();

  // A browser keeps six connections to a server, for all tabs: one that nobody looks at needs none.
  useEffect(() => {
    if (!isVisible) return;
    return listen({ onMedia: (media) => changeMedia(queries, media), onLive: setLive });
  }, [queries, isVisible]);

  useEffect(() => {
    if (!isVisible) return;
    return poll(queries, isLive ? POLL_MS.whileLive : POLL_MS.otherwise);
  }, [queries, isLive, isVisible]);

  return null;
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
