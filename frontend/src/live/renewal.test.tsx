import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { keys } from "../api/cache";
import type { Post, Profile } from "../api/client";

const fetchPost = vi.hoisted(() => vi.fn());
const fetchProfile = vi.hoisted(() => vi.fn());
vi.mock("../posts/queries", () => ({ fetchPost }));
vi.mock("../profile/queries", () => ({ fetchProfile }));
const { renewFace, renewPost, useRenewal } = await import("./renewal");

const ENDED = "https://store.example/1.jpg?signature=old";
const RENEWED = "https://store.example/1.jpg?signature=new";

let page: HTMLElement;
let root: Root;
let queries: QueryClient;

interface PictureProps {
  src: string;
  renew?: ReturnType<typeof renewPost>;
}

function Picture({ src, renew = renewPost(7) }: PictureProps) {
  return <img src={src} alt="" {...useRenewal(renew)} />;
}

function show(...pictures: React.ReactNode[]): HTMLImageElement[] {
  const shown = pictures.map((picture, at) => <p key={String(at)}>{picture}</p>);
  act(() => root.render(<QueryClientProvider client={queries}>{shown}</QueryClientProvider>));
  return [...page.querySelectorAll("img")];
}

function tell(image: HTMLImageElement | undefined, what: "error" | "load"): Promise<void> {
  return act(async () => {
    image?.dispatchEvent(new Event(what));
  });
}

beforeEach(() => {
  vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
  for (const fetched of [fetchPost, fetchProfile]) fetched.mockReset();
  fetchPost.mockImplementation(async () => ({ id: 7, media_url: RENEWED }) as Post);
  queries = new QueryClient();
  queries.setQueryData(keys.feed, {
    pages: [
      { items: [{ id: 7, media_url: ENDED, owner: { username: "ada", avatar_url: ENDED } }] },
    ],
    pageParams: [null],
  });
  page = document.body.appendChild(document.createElement("div"));
  root = createRoot(page);
});

afterEach(() => {
  act(() => root.unmount());
  page.remove();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function first(): Post | undefined {
  return queries.getQueryData<{ pages: { items: Post[] }[] }>(keys.feed)?.pages[0]?.items[0];
}

test("a picture whose URL has ended gets another one, everywhere", async () => {
  const [image] = show(<Picture src={ENDED} />);

  await tell(image, "error");

  expect(first()?.media_url).toBe(RENEWED);
});

test("it asks once, however often it fails", async () => {
  const [image] = show(<Picture src={ENDED} />);
  await tell(image, "error");
  show(<Picture src={RENEWED} />);

  await tell(image, "error");
  await tell(image, "error");

  expect(fetchPost).toHaveBeenCalledTimes(1);
});

test("hours after it was shown it asks again", async () => {
  vi.useFakeTimers();
  const [image] = show(<Picture src={ENDED} />);
  await tell(image, "error");
  await tell(image, "load");
  vi.advanceTimersByTime(3_600_000);

  await tell(image, "error");

  expect(fetchPost).toHaveBeenCalledTimes(2);
});

test("pictures that end together ask together", async () => {
  const images = show(<Picture src={ENDED} />, <Picture src={ENDED} />);

  for (const image of images) await tell(image, "error");

  expect(fetchPost).toHaveBeenCalledTimes(1);
});

test("a URL that is not signed has no other", async () => {
  const [image] = show(<Picture src="https://store.example/1.jpg" />);

  await tell(image, "error");

  expect(fetchPost).not.toHaveBeenCalled();
});

test("what cannot be asked for is left as it is", async () => {
  fetchPost.mockRejectedValue(new TypeError("no network"));
  const [image] = show(<Picture src={ENDED} />);

  await tell(image, "error");

  expect(first()?.media_url).toBe(ENDED);
});

test("a face gets another URL beside all posts of its user", async () => {
  const ada = { username: "ada", avatar_url: RENEWED, avatar_thumb_url: RENEWED };
  fetchProfile.mockResolvedValue(ada as Profile);
  const [image] = show(<Picture src={ENDED} renew={renewFace("ada")} />);

  await tell(image, "error");

  expect(first()?.owner.avatar_url).toBe(RENEWED);
});
