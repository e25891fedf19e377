import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { keys } from "../api/cache";
import type { Post } from "../api/client";
import { Problem } from "../upload";

const fetchPost = vi.hoisted(() => vi.fn());
const fetchProfile = vi.hoisted(() => vi.fn());
vi.mock("../posts/queries", () => ({ fetchPost }));
vi.mock("../profile/queries", () => ({ fetchProfile }));
const { poll } = await import("./poll");

const owed = { id: 7, media_id: 1, media: { id: 1, thumbnails_status: "pending" } } as Post;
const sharp = { ...owed, media: { id: 1, thumbnails_status: "ready" } } as Post;

let queries: QueryClient;
let stop: () => void;

/** As a page that is open. */
function show(queryKey: readonly unknown[], data: unknown): void {
  queries.setQueryData(queryKey, data);
  const options = { queryKey, staleTime: Number.POSITIVE_INFINITY };
  new QueryObserver(queries, options).subscribe(() => {});
}

beforeEach(() => {
  vi.useFakeTimers();
  fetchPost.mockReset();
  queries = new QueryClient();
  show(keys.one(7), owed);
});

afterEach(() => {
  stop();
  vi.useRealTimers();
});

test("thumbnails come to a post that owes them, and are not asked for again", async () => {
  fetchPost.mockResolvedValue(sharp);

  stop = poll(queries, 1000);
  await vi.advanceTimersByTimeAsync(60_000);

  expect(queries.getQueryData(keys.one(7))).toEqual(sharp);
  expect(fetchPost).toHaveBeenCalledOnce();
});

test("the longer nothing comes, the less often it looks", async () => {
  fetchPost.mockResolvedValue(owed);

  stop = poll(queries, 1000);
  await vi.advanceTimersByTimeAsync(60_000);

  expect(fetchPost.mock.calls.length).toBeLessThan(12);
});

test("it looks again only once it has looked", async () => {
  fetchPost.mockReturnValue(new Promise(() => {}));

  stop = poll(queries, 1000);
  await vi.advanceTimersByTimeAsync(60_000);

  expect(fetchPost).toHaveBeenCalledOnce();
});

test("a post that is gone is shown no longer", async () => {
  fetchPost.mockRejectedValue(new Problem({ code: "post_not_found", status: 404 }));

  stop = poll(queries, 1000);
  await vi.advanceTimersByTimeAsync(60_000);

  expect(queries.getQueryData(keys.one(7))).toBeNull();
  expect(fetchPost).toHaveBeenCalledOnce();
});

test("what could not be asked is asked again", async () => {
  fetchPost.mockRejectedValueOnce(new TypeError("no network")).mockResolvedValue(sharp);

  stop = poll(queries, 1000);
  await vi.advanceTimersByTimeAsync(2000);

  expect(queries.getQueryData(keys.one(7))).toEqual(sharp);
});

test("an avatar gets its thumbnails, too", async () => {
  queries.removeQueries();
  const owing = { username: "ada", avatar: { id: 1, thumbnails_status: "pending" } };
  const whole = { username: "ada", avatar: { id: 1, thumbnails_status: "ready" } };
  show(keys.profile("ada"), owing);
  fetchProfile.mockResolvedValue(whole);

  stop = poll(queries, 1000);
  await vi.advanceTimersByTimeAsync(60_000);

  expect(queries.getQueryData(keys.profile("ada"))).toEqual(whole);
  expect(fetchProfile).toHaveBeenCalledOnce();
});
