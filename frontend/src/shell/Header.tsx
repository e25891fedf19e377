import { Link } from "wouter";
import icon from "../icon.svg";
import { useProfile } from "../profile/queries";
import { useSession } from "../session/session";
import { Avatar } from "../ui/Avatar";

export function Header() {
  const session = useSession();
  const { data } = useProfile(session?.username);
  return (
    <header className="bar">
      <nav aria-label="Main">
        <Link href="/" className="brand">
          <img src={icon} alt="" width="28" height="28" /> Mediaport
        </Link>
        {session && (
          <Link href={`/@${session.username}`} className="who">
            <Avatar
              of={data ?? { username: session.username, avatar_url: null, avatar_thumb_url: null }}
              size={32}
            />
            <span>{session.username}</span>
          </Link>
        )}
      </nav>
    </header>
  );
}
