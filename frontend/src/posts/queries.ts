/** Asking for posts, and what can be done to one. */

import {
  type InfiniteData,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { addComment, changePost, dropIfGone, dropPost, keys } from "../api/cache";
import { answered, api, type CommentPage, type Post, type PostPage } from "../api/client";

const PAGE = 10;

/** Everyone's posts, or one user's, newest first, page by page. */
export function usePosts(username?: string) {
  return useInfiniteQuery<
    PostPage,
    Error,
    InfiniteData<PostPage>,
    readonly string[],
    string | null
  >({
    queryKey: username ? keys.of(username) : keys.feed,
    // All pages are asked for again: whoever has read far wants to go on reading.
    refetchOnWindowFocus: ({ state }) => (state.data?.pages.length ?? 0) <= 2,
    initialPageParam: null,
    getNextPageParam: (page) => page.next_cursor,
    queryFn: ({ pageParam, signal }) => {
      const query = { limit: PAGE, cursor: pageParam };
      return answered(
        username
          ? api.GET("/users/{username}/posts", { params: { path: { username }, query }, signal })
          : api.GET("/posts", { params: { query }, signal }),
      );
    },
  });
}

export function fetchPost(id: number, signal?: AbortSignal): Promise<Post> {
  const options = { params: { path: { post_id: id } }, ...(signal && { signal }) };
  return answered(api.GET("/posts/{post_id}", options));
}

export function usePost(id: number) {
  return useQuery({ queryKey: keys.one(id), queryFn: ({ signal }) => fetchPost(id, signal) });
}

/** Like a post or take it back; shown at once, and taken back if it fails. */
export function useLike(post: Post) {
  const queries = useQueryClient();
  const params = { params: { path: { post_id: post.id } } };
  return useMutation({
    mutationFn: (liked: boolean) =>
      answered(
        liked
          ? api.PUT("/posts/{post_id}/like", params)
          : api.DELETE("/posts/{post_id}/like", params),
      ),
    scope: { id: `like ${post.id}` },
    onMutate: (liked) => {
      const { liked_by_me, like_count: before } = post;
      const like_count = Math.max(0, post.like_count + (liked ? 1 : -1));
      changePost(queries, post.id, { liked_by_me: liked, like_count });
      return { liked_by_me, like_count: before };
    },
    onSuccess: (likes) => changePost(queries, post.id, likes),
    onError: (error, _liked, before) => {
      if (before) changePost(queries, post.id, before);
      dropIfGone(queries, post.id, error);
    },
  });
}

export function useDeletePost(post: Post) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () =>
      answered(api.DELETE("/posts/{post_id}", { params: { path: { post_id: post.id } } })),
    onSuccess: () => dropPost(queries, post.id),
    onError: (error) => dropIfGone(queries, post.id, error),
  });
}

export function useComments(postId: number) {
  return useInfiniteQuery<
    CommentPage,
    Error,
    InfiniteData<CommentPage>,
    readonly unknown[],
    string | null
  >({
    queryKey: keys.comments(postId),
    initialPageParam: null,
    getNextPageParam: (page) => page.next_cursor,
    queryFn: ({ pageParam, signal }) =>
      answered(
        api.GET("/posts/{post_id}/comments", {
          params: { path: { post_id: postId }, query: { limit: 20, cursor: pageParam } },
          signal,
        }),
      ),
  });
}

export function useComment(post: Post) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: string) =>
      answered(
        api.POST("/posts/{post_id}/comments", {
          params: { path: { post_id: post.id } },
          body: { body },
        }),
      ),
    onSuccess: async (comment) => {
      addComment(queries, comment);
      changePost(queries, post.id, await fetchPost(post.id));
    },
    onError: (error) => dropIfGone(queries, post.id, error),
  });
}
