import { useState } from "react";
import { useProfile } from "../profile/queries";
import { useSession } from "../session/session";
import { Avatar } from "../ui/Avatar";
import { ErrorNotice } from "../ui/ErrorNotice";
import { shownRatio } from "../ui/picture";
import { usePreview } from "../ui/preview";
import { UploadFailure } from "../ui/UploadFailure";
import { UploadProgress } from "../ui/UploadProgress";
import { giveUp, type Outgoing, send } from "./posting";

/** A post on its way: it stands in the feed already, as it will be. */
export function OutgoingCard({ item }: { item: Outgoing }) {
  const username = useSession()?.username ?? "";
  const { data } = useProfile(username);
  const preview = usePreview(item.upload?.file);
  const [ratio, setRatio] = useState(shownRatio(null, null));
  return (
    <article className="card post outgoing" aria-label="Your post, on its way">
      <header>
        <span className="who">
          <Avatar of={data ?? { username, avatar_url: null, avatar_thumb_url: null }} />
          <strong>{username}</strong>
        </span>
        <span className="hint">on its way</span>
        <button type="button" className="quiet" onClick={() => giveUp(item.id)}>
          Cancel
        </button>
      </header>
      {item.body && <p className="body">{item.body}</p>}
      {preview && (
        <div className="picture" style={{ aspectRatio: String(ratio) }}>
          <img
            src={preview}
            alt={item.alt}
            onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) =>
              setRatio(shownRatio(naturalWidth, naturalHeight))
            }
          />
        </div>
      )}
      {item.upload && <UploadProgress upload={item.upload} />}
      {item.upload && <UploadFailure upload={item.upload} />}
      <ErrorNotice error={item.failure} onRetry={() => void send(item.id)} />
    </article>
  );
}
