import { notifyManager, QueryClient, QueryObserver } from "@tanstack/react-query";
import { beforeEach, expect, test } from "vitest";
import { addPost, changeMedia, changePost, dropPost, keys } from "./cache";
import type { Media, Post } from "./client";

const post = (id: number, changes: Partial<Post> = {}): Post =>
  ({
    id,
    media_id: null,
    media: null,
    like_count: 0,
    owner: { username: "ada" },
    ...changes,
  }) as Post;

let queries: QueryClient;

function keep(key: readonly string[], ...pages: Post[][]): void {
  queries.setQueryData(key, {
    pages: pages.map((items) => ({ items, next_cursor: null })),
    pageParams: pages.map(() => null),
  });
}

function kept(key: readonly string[]): Post[] {
  const data = queries.getQueryData<{ pages: { items: Post[] }[] }>(key);
  return data?.pages.flatMap((page) => page.items) ?? [];
}

beforeEach(() => {
  queries = new QueryClient();
  keep(keys.feed, [post(3), post(2, { media_id: 7 })], [post(1)]);
  keep(keys.of("ada"), [post(2, { media_id: 7 })]);
  queries.setQueryData(keys.one(2), post(2, { media_id: 7 }));
});

test("a change reaches every place that shows the post, and no other post", () => {
  const before = kept(keys.feed);

  changePost(queries, 2, { like_count: 5 });

  expect(kept(keys.feed).map((each) => each.like_count)).toEqual([0, 5, 0]);
  expect(kept(keys.of("ada"))[0]?.like_count).toBe(5);
  expect(queries.getQueryData<Post>(keys.one(2))?.like_count).toBe(5);
  expect(kept(keys.feed)[0]).toBe(before[0]);
});

test("a post that is deleted is gone everywhere", () => {
  dropPost(queries, 2);

  expect(kept(keys.feed).map(({ id }) => id)).toEqual([3, 1]);
  expect(kept(keys.of("ada"))).toEqual([]);
  expect(queries.getQueryData(keys.one(2))).toBeNull();
});

test("a change is shown before anything can be painted", async () => {
  const shown: number[] = [];
  const observer = new QueryObserver<{ pages: { items: Post[] }[] }>(queries, {
    queryKey: keys.feed,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const show = ({ data }: ReturnType<typeof observer.getCurrentResult>) =>
    shown.push(data?.pages[0]?.items[0]?.id ?? 0);
  observer.subscribe(notifyManager.batchCalls(show)); // as React's hooks do

  const frame = new Promise((resolve) => setTimeout(() => resolve([...shown]), 0));
  addPost(queries, post(4));

  expect(await frame).toContain(4);
});

test("a new post stands on top, once", () => {
  addPost(queries, post(4));
  addPost(queries, post(4));

  expect(kept(keys.feed).map(({ id }) => id)).toEqual([4, 3, 2, 1]);
  expect(kept(keys.of("ada")).map(({ id }) => id)).toEqual([4, 2]);
});

test("thumbnails come to the post that shows the media item", () => {
  const media = { id: 7, kind: "post_image", media_url: "/7.jpg", thumb_128_url: "/t" };

  changeMedia(queries, media as unknown as Media);

  expect(kept(keys.feed).map((each) => each.media?.id)).toEqual([undefined, 7, undefined]);
  expect(kept(keys.of("ada"))[0]?.media_url).toBe("/7.jpg");
});
