import { type ReactNode, useEffect, useRef } from "react";
import { ErrorNotice } from "../ui/ErrorNotice";
import { PostCard } from "./PostCard";
import { usePosts } from "./queries";

interface PostListProps {
  username?: string;
  empty: string;
  /** What stands above the posts, and turns into one of them without a jump. */
  children?: ReactNode;
}

/** Posts, newest first, and more of them as one scrolls. */
export function PostList({ username, empty, children }: PostListProps) {
  const posts = usePosts(username);
  const { hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage } = posts;
  const end = useRef<HTMLDivElement>(null);
  const wantsMore = hasNextPage && !isFetchingNextPage && !isFetchNextPageError;

  useEffect(() => {
    if (!end.current || !wantsMore) return;
    const observer = new IntersectionObserver(
      ([seen]) => seen?.isIntersecting && void fetchNextPage(),
      { rootMargin: "1200px" },
    );
    observer.observe(end.current);
    return () => observer.disconnect();
  }, [wantsMore, fetchNextPage]);

  const items = posts.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <div className="posts" aria-busy={posts.isFetching}>
      {children}
      {posts.isPending && <Skeletons />}
      {posts.isSuccess && items.length === 0 && <p className="card empty">{empty}</p>}
      {items.map((post) => (
        <PostCard key={post.id} post={post} />
      ))}
      <ErrorNotice
        error={posts.error}
        onRetry={() => void (items.length ? fetchNextPage() : posts.refetch())}
      />
      {isFetchingNextPage && <Skeletons />}
      {posts.isSuccess && items.length > 0 && !hasNextPage && <p className="end">That is all.</p>}
      {/* Of no height: what is seen of it would jump away from the posts that come. */}
      <div ref={end} />
    </div>
  );
}

function Skeletons() {
  return (
    <div role="status" aria-label="Loading posts">
      {["one", "two"].map((which) => (
        <div key={which} className="card post skeleton" aria-hidden="true">
          <div className="line short shimmer" />
          <div className="picture shimmer" style={{ aspectRatio: "4 / 3" }} />
          <div className="line shimmer" />
        </div>
      ))}
    </div>
  );
}
