import { useId, useState } from "react";
import { Link } from "wouter";
import type { Post } from "../api/client";
import { useSession } from "../session/session";
import { Ago } from "../ui/Ago";
import { Avatar } from "../ui/Avatar";
import { Dialog } from "../ui/Dialog";
import { ErrorNotice } from "../ui/ErrorNotice";
import { CommentIcon, HeartIcon, TrashIcon } from "../ui/icons";
import { Comments } from "./Comments";
import { Lightbox } from "./Lightbox";
import { Picture } from "./Picture";
import { useDeletePost, useLike } from "./queries";

// The column is 600 px wide, and on a phone as wide as the window.
const SIZES = "(min-width: 640px) 600px, 100vw";

interface PostCardProps {
  post: Post;
  isOpen?: boolean;
  onDeleted?: () => void;
}

export function PostCard({ post, isOpen = false, onDeleted }: PostCardProps) {
  const session = useSession();
  const like = useLike(post);
  const [showsComments, setShowsComments] = useState(isOpen);
  const [showsPicture, setShowsPicture] = useState(false);
  const [asksToDelete, setAsksToDelete] = useState(false);
  const id = useId();
  const { owner, media, like_count, comment_count, liked_by_me } = post;

  return (
    <article className="card post" aria-labelledby={`${id}-owner`}>
      <header>
        <Link href={`/@${owner.username}`} className="who">
          <Avatar of={owner} />
          <strong id={`${id}-owner`}>{owner.username}</strong>
        </Link>
        <Link href={`/p/${post.id}`} className="when">
          <Ago at={post.created_at} />
        </Link>
        {owner.username === session?.username && (
          <button
            type="button"
            className="quiet round"
            aria-label="Delete this post"
            onClick={() => setAsksToDelete(true)}
          >
            <TrashIcon />
          </button>
        )}
      </header>
      {post.body && <p className="body">{post.body}</p>}
      {media && (
        <Picture
          postId={post.id}
          media={media}
          sizes={SIZES}
          onOpen={() => setShowsPicture(true)}
        />
      )}
      <footer>
        <button
          type="button"
          className={`quiet ${liked_by_me ? "liked" : ""}`}
          aria-pressed={liked_by_me}
          aria-label={`Like, ${like_count} so far`}
          onClick={() => like.mutate(!liked_by_me)}
        >
          <HeartIcon isFilled={liked_by_me} /> {like_count}
        </button>
        <button
          type="button"
          className="quiet"
          aria-expanded={showsComments}
          aria-label={`Comments, ${comment_count} so far`}
          onClick={() => setShowsComments(!showsComments)}
        >
          <CommentIcon /> {comment_count}
        </button>
      </footer>
      <ErrorNotice error={like.error} />
      {showsComments && <Comments post={post} />}
      {showsPicture && <Lightbox post={post} onClose={() => setShowsPicture(false)} />}
      {asksToDelete && (
        <DeleteDialog
          post={post}
          onClose={() => setAsksToDelete(false)}
          {...(onDeleted && { onDeleted })}
        />
      )}
    </article>
  );
}

interface DeleteDialogProps {
  post: Post;
  onClose: () => void;
  onDeleted?: () => void;
}

function DeleteDialog({ post, onClose, onDeleted }: DeleteDialogProps) {
  const deletion = useDeletePost(post);
  return (
    <Dialog title="Delete this post?" onClose={onClose}>
      <p>It goes with its likes, its comments{post.media && " and its picture"}, for good.</p>
      <ErrorNotice error={deletion.error} />
      <div className="choices">
        <button type="button" onClick={onClose}>
          Keep it
        </button>
        <button
          type="button"
          className="danger"
          disabled={deletion.isPending}
          onClick={() => deletion.mutate(undefined, { onSuccess: () => onDeleted?.() })}
        >
          Delete
        </button>
      </div>
    </Dialog>
  );
}
