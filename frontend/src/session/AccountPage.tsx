import { type FormEvent, useId, useState } from "react";
import { Link, useLocation, useSearch } from "wouter";
import { answered, api } from "../api/client";
import { useTitle } from "../shell/title";
import { ErrorNotice } from "../ui/ErrorNotice";
import { pageToGoTo } from "./next";
import { session } from "./session";

const PAGES = {
  "/login": {
    title: "Log in",
    other: { path: "/register", ask: "New here?", say: "Open an account" },
  },
  "/register": {
    title: "Open an account",
    other: { path: "/login", ask: "You have one?", say: "Log in" },
  },
} as const;

async function enter(
  path: keyof typeof PAGES,
  username: string,
  password: string,
): Promise<string> {
  const body = { username, password };
  if (path === "/register") {
    return (await answered(api.POST("/auth/register", { body }))).access_token;
  }
  return (await answered(api.POST("/auth/login", { body }))).access_token;
}

/** Logging in and registering; both lead back to the page that asked for it. */
export function AccountPage({ path }: { path: keyof typeof PAGES }) {
  const { title, other } = PAGES[path];
  const search = useSearch();
  const [, navigate] = useLocation();
  const [problem, setProblem] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const [isShown, setShown] = useState(false);
  const id = useId();
  useTitle(title);

  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    const name = username.trim().toLowerCase();
    try {
      session.begin({ token: await enter(path, name, password), username: name });
      navigate(pageToGoTo(search), { replace: true });
    } catch (error) {
      setProblem(error);
      setBusy(false);
    }
  }

  return (
    <section className="card account" aria-labelledby={`${id}-title`}>
      <h1 id={`${id}-title`}>{title}</h1>
      {session.hasEnded() && (
        <p className="hint" role="status">
          Your session has ended. Log in to go on where you were.
        </p>
      )}
      <form onSubmit={submit}>
        <label htmlFor={`${id}-name`}>User name</label>
        <input
          id={`${id}-name`}
          name="username"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          minLength={path === "/register" ? 3 : 1}
          maxLength={30}
          required
          value={username}
          onChange={(event) => setUsername(event.target.value)}
          aria-describedby={`${id}-name-hint`}
        />
        {path === "/register" && <small id={`${id}-name-hint`}>3 to 30 of a–z, 0–9 and _</small>}
        <label htmlFor={`${id}-password`}>Password</label>
        <div className="with-button">
          <input
            id={`${id}-password`}
            name="password"
            type={isShown ? "text" : "password"}
            autoComplete={path === "/register" ? "new-password" : "current-password"}
            required
            value={password}
            onChange={(event) => setPassword(event.target.value)}
            aria-describedby={`${id}-password-hint`}
          />
          <button
            type="button"
            className="quiet"
            aria-pressed={isShown}
            onClick={() => setShown(!isShown)}
          >
            Show
          </button>
        </div>
        {path === "/register" && (
          <small id={`${id}-password-hint`}>
            A few words that only you would put together are best.
          </small>
        )}
        <ErrorNotice error={problem} />
        <button type="submit" className="primary" disabled={isBusy}>
          {isBusy ? "One moment …" : title}
        </button>
      </form>
      <p>
        {other.ask} <Link href={`${other.path}${search ? `?${search}` : ""}`}>{other.say}</Link>
      </p>
    </section>
  );
}
