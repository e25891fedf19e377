import { useOwnFace } from "../profile/queries";
import { useStore } from "../ui/store";
import { OutgoingCard } from "./OutgoingCard";
import { outgoing } from "./outbox";

/** The posts that are on their way, above those that are there. */
export function Outbox() {
  const items = useStore(outgoing);
  const owner = useOwnFace();
  return items.map((item) => <OutgoingCard key={item.id} item={item} owner={owner} />);
}
