import { Link } from "wouter";
import icon from "../icon.svg";
import { useOwnFace } from "../profile/queries";
import { useSession } from "../session/session";
import { Avatar } from "../ui/Avatar";

export function Header() {
  const session = useSession();
  const face = useOwnFace();
  return (
    <header className="bar">
      <nav aria-label="Main">
        <Link href="/" className="brand">
          <img src={icon} alt="" width="28" height="28" /> Mediaport
        </Link>
        {session && (
          <Link href={`/@${session.username}`} className="who">
            <Avatar of={face} size={32} />
            <span>{session.username}</span>
          </Link>
        )}
      </nav>
    </header>
  );
}
