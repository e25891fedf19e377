import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { changeFace, keys } from "../api/cache";
import { answered, api, type Profile } from "../api/client";
import { useSession } from "../session/session";
import type { Faced } from "../ui/Avatar";

export function fetchProfile(username: string, signal?: AbortSignal): Promise<Profile> {
  const options = { params: { path: { username } }, ...(signal && { signal }) };
  return answered(api.GET("/users/{username}", options));
}

export function useProfile(username = "") {
  return useQuery({
    queryKey: keys.profile(username),
    enabled: username !== "",
    queryFn: ({ signal }) => fetchProfile(username, signal),
  });
}

/** One's own face, as far as it is known. */
export function useOwnFace(): Faced {
  const username = useSession()?.username ?? "";
  const { data } = useProfile(username);
  return data ?? { username, avatar_url: null, avatar_thumb_url: null };
}

/** Show another avatar, or with null none. The one before is deleted. */
export function useSetAvatar() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (media_id: number | null) =>
      answered(api.PUT("/users/me/avatar", { body: { media_id } })),
    onSuccess: (profile) => changeFace(queries, profile),
  });
}
