import { useLocation } from "wouter";
import { NotFound } from "../shell/NotFound";
import { useTitle } from "../shell/title";
import { ErrorNotice } from "../ui/ErrorNotice";
import { Problem } from "../upload";
import { PostCard } from "./PostCard";
import { usePost } from "./queries";

/** One post, at an address that can be passed on. */
export function PostPage({ id }: { id: number }) {
  const post = usePost(id);
  const [, navigate] = useLocation();
  useTitle(post.data ? `A post by ${post.data.owner.username}` : "A post");
  const isGone = post.error instanceof Problem && post.error.status === 404;
  if (isGone || post.data === null) return <NotFound what="post" />;
  return (
    <>
      <h1 className="unseen">A post</h1>
      {post.data && <PostCard post={post.data} isOpen onDeleted={() => navigate("/")} />}
      <ErrorNotice error={post.error} onRetry={() => void post.refetch()} />
    </>
  );
}
