import { useSyncExternalStore } from "react";
import { subscribeToNetwork } from "../ui/network";

export function OfflineNotice() {
  const isOnline = useSyncExternalStore(subscribeToNetwork, () => navigator.onLine);
  return (
    <div role="status">
      {!isOnline && (
        <p className="offline">You are offline. What you sent goes on when you are back.</p>
      )}
    </div>
  );
}
