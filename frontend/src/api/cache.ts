/** What this browser has of the server: one change reaches every list and page that shows it. */

import { type InfiniteData, notifyManager, type QueryClient } from "@tanstack/react-query";
import { thumbnailsOf } from "../ui/picture";
import {
  type Comment,
  type CommentPage,
  isProblem,
  type Media,
  type Post,
  type PostPage,
  type Profile,
} from "./client";

// A change is shown before anything is painted again: a post that comes from elsewhere on the page
// would be nowhere for a frame.
notifyManager.setScheduler(queueMicrotask);

type CommentPages = InfiniteData<CommentPage, string | null>;
type Pages = InfiniteData<PostPage, string | null>;

export const keys = {
  lists: ["posts"] as const,
  feed: ["posts", "feed"] as const,
  of: (username: string) => ["posts", "of", username] as const,
  singles: ["post"] as const,
  one: (id: number) => ["post", id] as const,
  allComments: ["comments"] as const,
  comments: (id: number) => ["comments", id] as const,
  profiles: ["profile"] as const,
  profile: (username: string) => ["profile", username] as const,
};

/** Change posts wherever they are shown; `change` gives null for one that is gone. */
function changePosts(queries: QueryClient, change: (post: Post) => Post | null): void {
  queries.setQueriesData<Pages>({ queryKey: keys.lists }, (data) =>
    data ? { ...data, pages: data.pages.map((page) => changedPage(page, change)) } : data,
  );
  queries.setQueriesData<Post | null>({ queryKey: keys.singles }, (post) =>
    post ? change(post) : post,
  );
}

function changedPage(page: PostPage, change: (post: Post) => Post | null): PostPage {
  const items = page.items.map(change).filter((post) => post !== null);
  const isSame =
    items.length === page.items.length && items.every((post, at) => post === page.items[at]);
  return isSame ? page : { ...page, items };
}

export function changePost(queries: QueryClient, id: number, changes: Partial<Post>): void {
  changePosts(queries, (post) => (post.id === id ? { ...post, ...changes } : post));
}

export function dropPost(queries: QueryClient, id: number): void {
  changePosts(queries, (post) => (post.id === id ? null : post));
}

/** Someone else, or another tab, was faster. */
export function dropIfGone(queries: QueryClient, id: number, error: unknown): void {
  if (isProblem(error, "post_not_found")) dropPost(queries, id);
}

/** A media item has changed: its thumbnails are there, most likely. */
export function changeMedia(queries: QueryClient, media: Media): void {
  changePosts(queries, (post) =>
    post.media_id === media.id ? { ...post, media, media_url: media.media_url } : post,
  );
  const avatar_thumb_url = thumbnailsOf(media)[0]?.url ?? null;
  for (const [, profile] of queries.getQueriesData<Profile>({ queryKey: keys.profiles })) {
    if (profile?.avatar?.id === media.id) {
      changeFace(queries, { ...profile, avatar: media, avatar_thumb_url });
    }
  }
}

/** An avatar stands beside every post and comment of its user. */
export function changeFace(queries: QueryClient, profile: Profile): void {
  const { username, avatar_url, avatar_thumb_url } = profile;
  queries.setQueryData(keys.profile(username), profile);
  changePosts(queries, (post) =>
    post.owner.username === username
      ? { ...post, owner: { ...post.owner, avatar_url, avatar_thumb_url } }
      : post,
  );
  void queries.invalidateQueries({ queryKey: keys.allComments });
}

/** A new post stands on top, wherever its user's posts are shown. */
export function addPost(queries: QueryClient, post: Post): void {
  for (const queryKey of [keys.feed, keys.of(post.owner.username)]) {
    queries.setQueryData<Pages>(queryKey, (data) => data && withFirst(data, post));
  }
}

/** A new comment is seen at once, also where there are others that were not loaded yet. */
export function addComment(queries: QueryClient, comment: Comment): void {
  queries.setQueryData<CommentPages>(keys.comments(comment.post_id), (data) => {
    const last = data?.pages.at(-1);
    if (!data || !last) return data;
    const pages = [...data.pages.slice(0, -1), { ...last, items: [...last.items, comment] }];
    return { ...data, pages };
  });
}

function withFirst(data: Pages, post: Post): Pages {
  const [first, ...rest] = data.pages;
  const isThere = data.pages.some((page) => page.items.some(({ id }) => id === post.id));
  if (!first || isThere) return data;
  return { ...data, pages: [{ ...first, items: [post, ...first.items] }, ...rest] };
}

/** The posts that are shown whose thumbnails are still owed, each once. */
export function owedPosts(queries: QueryClient): Post[] {
  const lists = queries.getQueriesData<Pages>({ queryKey: keys.lists, type: "active" });
  const single = queries.getQueriesData<Post | null>({ queryKey: keys.singles, type: "active" });
  const posts = [
    ...lists.flatMap(([, data]) => data?.pages.flatMap((page) => page.items) ?? []),
    ...single.flatMap(([, post]) => (post ? [post] : [])),
  ].filter((post) => post.media?.thumbnails_status === "pending");
  return [...new Map(posts.map((post) => [post.id, post])).values()];
}

/** The profiles that are shown whose avatar owes its thumbnails. */
export function owedFaces(queries: QueryClient): Profile[] {
  return queries
    .getQueriesData<Profile>({ queryKey: keys.profiles, type: "active" })
    .flatMap(([, profile]) => (profile?.avatar?.thumbnails_status === "pending" ? [profile] : []));
}
