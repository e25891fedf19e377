import { type FormEvent, useId, useState } from "react";
import { Link, Redirect, useSearch } from "wouter";
import { answered, api } from "../api/client";
import { useTitle } from "../shell/title";
import { ErrorNotice } from "../ui/ErrorNotice";
import { Problem } from "../upload";
import { pageToGoTo } from "./next";
import { session, useSession } from "./session";

const PAGES = {
  "/login": {
    title: "Log in",
    other: { path: "/register", ask: "New here?", say: "Open an account" },
  },
  "/register": {
    title: "Open an account",
    other: { path: "/login", ask: "Already have an account?", say: "Log in" },
  },
} as const;

const USERNAME = /^[a-z0-9_]{3,30}$/;

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
  const [problem, setProblem] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const [isShown, setShown] = useState(false);
  const id = useId();
  useTitle(title);

  async function submit(event: FormEvent) {
    event.preventDefault();
    const name = username.trim().toLowerCase();
    if (path === "/register" && !USERNAME.test(name)) {
      return setProblem(new Problem({ code: "username_unfit" }));
    }
    setBusy(true);
    setProblem(null);
    try {
      session.begin({ token: await enter(path, name, password), username: name });
    } catch (error) {
      setProblem(error);
      setBusy(false);
    }
  }

  if (useSession()) return <Redirect to={pageToGoTo(search)} replace />;
  return (
    <section className="card account" aria-labelledby={`${id}-title`}>
      <h1 id={`${id}-title`}>{title}</h1>
      <p className="hint">Mediaport shows what people share: pictures, and a few words.</p>
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
          required
          value={username}
          onChange={(event) => setUsername(event.target.value)}
          aria-describedby={`${id}-name-hint`}
        />
        {path === "/register" && (
          <small id={`${id}-name-hint`}>3 to 30 characters: a to z, 0 to 9 and _</small>
        )}
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
