import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { useLocation } from "wouter";
import type { Profile } from "../api/client";
import { OFFERED_TYPES } from "../api/uploads";
import { Outbox } from "../posts/Outbox";
import { PostList } from "../posts/PostList";
import { session, useSession } from "../session/session";
import { NotFound } from "../shell/NotFound";
import { useTitle } from "../shell/title";
import { Avatar } from "../ui/Avatar";
import { ErrorNotice } from "../ui/ErrorNotice";
import { Problem } from "../upload";
import { useProfile, useSetAvatar } from "./queries";

// Only one's own profile needs what crops.
const loadDialog = () => import("./AvatarDialog");
const AvatarDialog = lazy(loadDialog);

export function ProfilePage({ username }: { username: string }) {
  const viewer = useSession();
  const profile = useProfile(username);
  useTitle(`@${username}`);
  if (profile.error instanceof Problem && [404, 422].includes(profile.error.status)) {
    return <NotFound what="user" />;
  }
  const isMine = viewer?.username === username;
  return (
    <>
      <header className="card profile">
        {profile.data ? (
          <Avatar of={profile.data} size={96} />
        ) : (
          <span className="avatar shimmer" style={{ width: 96, height: 96 }} />
        )}
        <div>
          <h1>@{username}</h1>
          <p className="hint">{profile.data ? since(profile.data) : "…"}</p>
          {isMine && profile.data && <OwnChoices profile={profile.data} />}
        </div>
      </header>
      <ErrorNotice error={profile.error} onRetry={() => void profile.refetch()} />
      <PostList
        username={username}
        empty={isMine ? "You have not posted yet." : `${username} has not posted yet.`}
      >
        {isMine && <Outbox />}
      </PostList>
    </>
  );
}

function since({ created_at }: Profile): string {
  const format = new Intl.DateTimeFormat("en", { year: "numeric", month: "long" });
  return `Here since ${format.format(new Date(created_at))}`;
}

function OwnChoices({ profile }: { profile: Profile }) {
  const chooser = useRef<HTMLInputElement>(null);
  const [chosen, setChosen] = useState<File | null>(null);
  const clearing = useSetAvatar();
  const [, navigate] = useLocation();

  // Whoever is offline by then has it already.
  useEffect(() => void loadDialog().catch(() => {}), []);

  return (
    <>
      <div className="choices">
        <button type="button" onClick={() => chooser.current?.click()}>
          {profile.avatar ? "Change avatar" : "Set an avatar"}
        </button>
        <input
          ref={chooser}
          type="file"
          accept={OFFERED_TYPES}
          hidden
          aria-label="Choose an avatar"
          onChange={(event) => {
            setChosen(event.target.files?.[0] ?? null);
            event.target.value = "";
          }}
        />
        {profile.avatar && (
          <button
            type="button"
            className="quiet"
            disabled={clearing.isPending}
            onClick={() => clearing.mutate(null)}
          >
            Remove avatar
          </button>
        )}
        <button
          type="button"
          className="quiet"
          onClick={() => {
            session.logOut();
            navigate("/login"); // whoever comes next has not asked for this page
          }}
        >
          Log out
        </button>
      </div>
      <ErrorNotice error={clearing.error} />
      {chosen && (
        <Suspense fallback={<p role="status">One moment …</p>}>
          <AvatarDialog file={chosen} onClose={() => setChosen(null)} />
        </Suspense>
      )}
    </>
  );
}
