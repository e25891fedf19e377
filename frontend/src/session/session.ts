/** Who is logged in, kept over reloads and the same in every tab. */

import { createStore, useStore } from "../ui/store";

export interface Session {
  token: string;
  username: string;
}

const KEPT_AS = "mediaport.session";
// What is kept then tells other tabs that it was the user's own wish.
const LOGGED_OUT = "null";

const store = createStore<Session | null>(kept());
const endings = new Set<() => void>();
let lastUser = store.get()?.username ?? null;

export const session = {
  get: store.get,
  subscribe: store.subscribe,

  begin(started: Session): void {
    keep(JSON.stringify(started));
    change(started);
  },

  /** The token is no longer good. The same user comes back, mostly: what they were doing waits. */
  end(): void {
    keep(null);
    change(null);
  },

  /** The user's own wish: nothing waits for anyone. */
  logOut(): void {
    forget(); // while it may still be told to the server
    keep(LOGGED_OUT);
    change(null);
  },

  /** Whether it was not the user who ended the last session. */
  hasEnded(): boolean {
    return store.get() === null && lastUser !== null;
  },

  /** What is to be forgotten with the session: it must not be seen by whoever logs in next. */
  onChangeOfUser(ending: () => void): void {
    endings.add(ending);
  },
};

export function useSession(): Session | null {
  return useStore(store);
}

function change(next: Session | null): void {
  if (next && lastUser && next.username !== lastUser) forget();
  if (next) lastUser = next.username;
  store.set(next);
}

function forget(): void {
  lastUser = null;
  for (const ending of endings) ending();
}

function kept(): Session | null {
  try {
    const found = JSON.parse(localStorage.getItem(KEPT_AS) ?? "null") as Partial<Session> | null;
    return found?.token && found.username ? { token: found.token, username: found.username } : null;
  } catch {
    return null; // no storage, or not ours
  }
}

function keep(text: string | null): void {
  try {
    if (text === null) localStorage.removeItem(KEPT_AS);
    else localStorage.setItem(KEPT_AS, text);
  } catch {
    // A browser that keeps nothing: the session lasts as long as the page.
  }
}

addEventListener("storage", ({ key, newValue }) => {
  if (key !== KEPT_AS) return;
  if (newValue === LOGGED_OUT) forget();
  change(kept());
});
