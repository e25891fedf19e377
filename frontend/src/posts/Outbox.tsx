import { useProfile } from "../profile/queries";
import { useSession } from "../session/session";
import { useStore } from "../ui/store";
import { OutgoingCard } from "./OutgoingCard";
import { outgoing } from "./outbox";

/** The posts that are on their way, above those that are there. */
export function Outbox() {
  const items = useStore(outgoing);
  const username = useSession()?.username ?? "";
  const { data } = useProfile(username);
  const owner = data ?? { username, avatar_url: null, avatar_thumb_url: null };
  return items.map((item) => <OutgoingCard key={item.id} item={item} owner={owner} />);
}
