/** State outside React: it outlives the page that shows it, and anything may change it. */

import { useSyncExternalStore } from "react";
import type { Store } from "../upload/store";

export { createStore } from "../upload/store";

export function useStore<T>(store: Store<T>): T {
  return useSyncExternalStore(store.subscribe, store.get);
}
