import { useState, useSyncExternalStore } from "react";
import { usePhases } from "../api/uploads";
import { Avatar, type Faced } from "../ui/Avatar";
import { ErrorNotice } from "../ui/ErrorNotice";
import { subscribeToNetwork } from "../ui/network";
import { shownRatio } from "../ui/picture";
import { usePreview } from "../ui/preview";
import { UploadFailure } from "../ui/UploadFailure";
import { UploadProgress } from "../ui/UploadProgress";
import { giveUp, type Outgoing, send, takeBack } from "./outbox";

/** A post on its way: it stands among the others already, as it will be. */
export function OutgoingCard({ item, owner }: { item: Outgoing; owner: Faced }) {
  const { id, body, alt, upload, failure, isSafe } = item;
  const isOnline = useSyncExternalStore(subscribeToNetwork, () => navigator.onLine);
  const preview = usePreview(upload?.file);
  const [ratio, setRatio] = useState(shownRatio(null, null));
  usePhases(upload ? [upload] : []);
  const hasFailed = failure || upload?.state.phase === "failed";
  return (
    <article className="card post outgoing" aria-label="Your post, on its way">
      <header>
        <span className="who">
          <Avatar of={owner} />
          <strong>{owner.username}</strong>
        </span>
        <span className="hint">on its way</span>
        {hasFailed && (
          <button type="button" className="quiet" onClick={() => takeBack(id)}>
            Edit
          </button>
        )}
        <button type="button" className="quiet" onClick={() => giveUp(id)}>
          Cancel
        </button>
      </header>
      {body && <p className="body">{body}</p>}
      {preview && (
        <div className="picture" style={{ aspectRatio: String(ratio) }}>
          <img
            src={preview}
            alt={alt}
            onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) =>
              setRatio(shownRatio(naturalWidth, naturalHeight))
            }
          />
        </div>
      )}
      {upload && <UploadProgress upload={upload} />}
      {upload && <UploadFailure upload={upload} />}
      {failure && isSafe && !isOnline ? (
        <p className="hint">Offline. It goes on when you are back.</p>
      ) : (
        <ErrorNotice error={failure} onRetry={() => void send(id)} />
      )}
    </article>
  );
}
