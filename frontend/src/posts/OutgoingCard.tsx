import { usePreview } from "../ui/preview";
import { UploadProgress } from "../ui/UploadProgress";
import { inWords, useUpload } from "../upload";
import { giveUp, type Outgoing, send } from "./posting";

/** A post on its way: it stands in the feed already. */
export function OutgoingCard({ item }: { item: Outgoing }) {
  const preview = usePreview(item.upload?.file);
  return (
    <article className="card post outgoing" aria-label="Your post, on its way">
      {item.body && <p className="body">{item.body}</p>}
      {preview && (
        <div className="picture">
          <img className="whole" src={preview} alt={item.alt} />
        </div>
      )}
      {item.upload ? <UploadProgress upload={item.upload} /> : !item.failure && <p>Posting …</p>}
      {item.failure !== null && (
        <Failure message={inWords(item.failure)} onRetry={() => void send(item.id)} />
      )}
      {item.upload && <UploadFailure item={item} upload={item.upload} />}
      <footer>
        <button type="button" className="quiet" onClick={() => giveUp(item.id)}>
          Cancel
        </button>
      </footer>
    </article>
  );
}

function UploadFailure({ upload }: { item: Outgoing; upload: NonNullable<Outgoing["upload"]> }) {
  const { failure } = useUpload(upload);
  if (!failure) return null;
  return (
    <Failure
      message={failure.message}
      {...(failure.canRetry && { onRetry: () => upload.retry() })}
    />
  );
}

function Failure({ message, onRetry }: { message: string; onRetry?: () => void }) {
  return (
    <div className="error" role="alert">
      <p>{message}</p>
      {onRetry && (
        <button type="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}
