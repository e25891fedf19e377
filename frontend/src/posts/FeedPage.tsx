import { useTitle } from "../shell/title";
import { Composer } from "./Composer";
import { Outbox } from "./Outbox";
import { PostList } from "./PostList";

export function FeedPage() {
  useTitle("");
  return (
    <>
      <h1 className="unseen">The feed</h1>
      <Composer />
      <PostList empty="Nobody has posted yet. Be the first: a picture, a few words, or both.">
        <Outbox />
      </PostList>
    </>
  );
}
