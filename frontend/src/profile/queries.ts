import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { changeFace, keys } from "../api/cache";
import { answered, api } from "../api/client";

export function useProfile(username: string | undefined) {
  return useQuery({
    queryKey: keys.profile(username ?? ""),
    enabled: username !== undefined,
    queryFn: ({ signal }) =>
      answered(
        api.GET("/users/{username}", { params: { path: { username: username ?? "" } }, signal }),
      ),
  });
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
