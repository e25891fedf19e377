import { type FormEvent, useId, useState } from "react";
import { Link } from "wouter";
import type { Post } from "../api/client";
import { Ago } from "../ui/Ago";
import { Avatar } from "../ui/Avatar";
import { ErrorNotice } from "../ui/ErrorNotice";
import { useComment, useComments } from "./queries";

export function Comments({ post }: { post: Post }) {
  const comments = useComments(post.id);
  const comment = useComment(post);
  const [body, setBody] = useState("");
  const id = useId();

  function submit(event: FormEvent) {
    event.preventDefault();
    const said = body.trim();
    if (!said) return;
    setBody(""); // at once: whoever presses Enter twice says it once
    comment.mutate(said, { onError: () => setBody((newer) => newer || said) });
  }

  const loaded = comments.data?.pages.flatMap((page) => page.items) ?? [];
  const items = [...new Map(loaded.map((item) => [item.id, item])).values()];
  return (
    <section className="comments" aria-label="Comments">
      {comments.isPending && <p className="hint">Loading …</p>}
      <ErrorNotice error={comments.error} onRetry={() => void comments.refetch()} />
      <ul>
        {items.map((item) => (
          <li key={item.id}>
            <Avatar of={item.author} size={28} />
            <div>
              <Link href={`/@${item.author.username}`}>
                <strong>{item.author.username}</strong>
              </Link>{" "}
              <Ago at={item.created_at} />
              <p>{item.body}</p>
            </div>
          </li>
        ))}
      </ul>
      {comments.hasNextPage && (
        <button type="button" className="quiet" onClick={() => void comments.fetchNextPage()}>
          More comments
        </button>
      )}
      <form onSubmit={submit} className="with-button">
        <label htmlFor={id} className="unseen">
          Your comment
        </label>
        <input
          id={id}
          value={body}
          maxLength={1000}
          placeholder="Say something"
          onChange={(event) => setBody(event.target.value)}
        />
        <button type="submit" disabled={!body.trim() || comment.isPending}>
          Send
        </button>
      </form>
      <ErrorNotice error={comment.error} />
    </section>
  );
}
