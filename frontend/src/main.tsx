import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { addPost, keys } from "./api/cache";
import { holdDrops } from "./posts/drops";
import { tellOfPosts } from "./posts/outbox";
import { dropPreviews } from "./posts/previews";
import { session } from "./session/session";
import { Page } from "./shell/Page";
import "./style/index.css";
import { Problem } from "./upload";

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      // What the API refuses it refuses again; what was lost or is down may be back.
      retry: (tries, error) =>
        tries < 3 && !(error instanceof Problem && error.status < 500 && error.status !== 429),
    },
  },
});

tellOfPosts((post) => {
  if (post) addPost(queries, post);
  else void queries.invalidateQueries({ queryKey: keys.lists });
});
session.onChangeOfUser(() => {
  queries.clear();
  dropPreviews();
});

holdDrops();

const place = document.getElementById("page");
if (!place) throw new Error("index.html has no #page");
createRoot(place).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <Page />
    </QueryClientProvider>
  </StrictMode>,
);
