/** Who is logged in, kept over reloads and the same in every tab. */

import { Store, useStore } from "../ui/store";

export interface Session {
  token: string;
  username: string;
}

const KEPT_AS = "mediaport.session";

function kept(): Session | null {
  try {
    const found = JSON.parse(localStorage.getItem(KEPT_AS) ?? "null") as Partial<Session> | null;
    return found?.token && found.username ? { token: found.token, username: found.username } : null;
  } catch {
    return null; // no storage, or not ours
  }
}

const store = new Store<Session | null>(kept());
const endings = new Set<() => void>();

export const session = {
  get: store.get,
  subscribe: store.subscribe,

  begin(started: Session): void {
    keep(started);
    change(started);
  },

  end(): void {
    keep(null);
    change(null);
  },

  /** What is to be forgotten with the session: it must not be seen by whoever logs in next. */
  onChangeOfUser(forget: () => void): void {
    endings.add(forget);
  },
};

let lastUser = store.get()?.username ?? null;

function change(next: Session | null): void {
  // After a 401 the same user comes back, mostly: what they were doing waits for them.
  if (next && lastUser && next.username !== lastUser) for (const forget of endings) forget();
  if (next) lastUser = next.username;
  store.set(next);
}

/** The user's own wish: nothing waits for anyone. */
export function logOut(): void {
  for (const forget of endings) forget(); // while it may still be told to the server
  lastUser = null;
  session.end();
}

/** Whether it was not the user who ended the last session. */
export function hasEnded(): boolean {
  return store.get() === null && lastUser !== null;
}

function keep(next: Session | null): void {
  try {
    if (next) localStorage.setItem(KEPT_AS, JSON.stringify(next));
    else localStorage.removeItem(KEPT_AS);
  } catch {
    // A browser that keeps nothing: the session lasts as long as the page.
  }
}

addEventListener("storage", (event) => {
  if (event.key === KEPT_AS) change(kept());
});

export function useSession(): Session | null {
  return useStore(store);
}
