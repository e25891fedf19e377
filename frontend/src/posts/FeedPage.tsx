import { useTitle } from "../shell/title";
import { useStore } from "../ui/store";
import { Composer } from "./Composer";
import { OutgoingCard } from "./OutgoingCard";
import { PostList } from "./PostList";
import { outgoing } from "./posting";

export function FeedPage() {
  const onTheirWay = useStore(outgoing);
  useTitle("");
  return (
    <>
      <h1 className="unseen">The feed</h1>
      <Composer />
      {onTheirWay.map((item) => (
        <OutgoingCard key={item.id} item={item} />
      ))}
      <PostList empty="Nobody has posted yet. Be the first: a picture, a few words, or both." />
    </>
  );
}
