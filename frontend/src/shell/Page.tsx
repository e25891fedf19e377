import { useEffect, useRef } from "react";
import { Redirect, Route, Switch, useLocation } from "wouter";
import { LiveMedia } from "../live/LiveMedia";
import { FeedPage } from "../posts/FeedPage";
import { PostPage } from "../posts/PostPage";
import { ProfilePage } from "../profile/ProfilePage";
import { AccountPage } from "../session/AccountPage";
import { loginFor } from "../session/next";
import { useSession } from "../session/session";
import { Crash } from "./Crash";
import { Header } from "./Header";
import { NotFound } from "./NotFound";
import { OfflineNotice } from "./OfflineNotice";

export function Page() {
  const session = useSession();
  const [path] = useLocation();
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  const backTo = useRef<string | null>(null);

  useEffect(() => {
    const goBack = () => {
      backTo.current = location.pathname;
    };
    addEventListener("popstate", goBack);
    return () => removeEventListener("popstate", goBack);
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new path is a new page, to be read from its top
  useEffect(() => {
    if (!isFirst.current) main.current?.focus({ preventScroll: true });
    // Whoever goes back finds the place where they were: the browser sees to that.
    if (!isFirst.current && backTo.current !== location.pathname) scrollTo(0, 0);
    isFirst.current = false;
    backTo.current = null;
  }, [path]);

  return (
    <>
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <Header />
      <OfflineNotice />
      <main id="main" ref={main} tabIndex={-1}>
        <Crash key={path}>
          <Switch>
            <Route path="/login">
              <AccountPage key="login" path="/login" />
            </Route>
            <Route path="/register">
              <AccountPage key="register" path="/register" />
            </Route>
            <Route>{session ? <Pages key={session.username} /> : <ToLogin />}</Route>
          </Switch>
        </Crash>
      </main>
      {session && <LiveMedia key={session.token} />}
    </>
  );
}

function Pages() {
  return (
    <Switch>
      <Route path="/">
        <FeedPage />
      </Route>
      <Route path="/p/:id">
        {({ id }) => (/^\d+$/.test(id) ? <PostPage key={id} id={Number(id)} /> : <NotFound />)}
      </Route>
      <Route path="/:handle">
        {({ handle }) =>
          handle.startsWith("@") ? (
            <ProfilePage key={handle} username={handle.slice(1).toLowerCase()} />
          ) : (
            <NotFound />
          )
        }
      </Route>
      <Route>
        <NotFound />
      </Route>
    </Switch>
  );
}

/** Whoever comes without a session, or whose session has ended, comes back after logging in. */
function ToLogin() {
  const [path] = useLocation();
  return <Redirect to={loginFor(path)} replace />;
}
