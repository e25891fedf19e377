/** The API, typed by its own schema: `npm run api:pull && npm run api:gen`. */

import createClient from "openapi-fetch";
import { session } from "../session/session";
import { fetchUploadApi, Problem, problemOf } from "../upload";
import type { components, paths } from "./schema";

type Schemas = components["schemas"];
export type Post = Schemas["PostWithCounts"];
export type PostPage = Schemas["PostPage"];
export type Comment = Schemas["CommentObject"];
export type CommentPage = Schemas["CommentPage"];
export type Person = Schemas["PersonObject"];
export type Profile = Schemas["ProfileObject"];
export type Media = Schemas["MediaObject"];

/** As the session's user. A token that is no longer good ends the session. */
export async function fetchAsUser(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const request = new Request(input, init);
  const token = session.get()?.token;
  if (token) request.headers.set("Authorization", `Bearer ${token}`);
  const answer = await fetch(request);
  if (answer.status === 401 && token && session.get()?.token === token) session.end();
  return answer;
}

export const api = createClient<paths>({ baseUrl: location.origin, fetch: fetchAsUser });

api.use({
  async onResponse({ response }) {
    if (!response.ok) throw await problemOf(response);
  },
});

export const uploadApi = fetchUploadApi({ fetch: fetchAsUser });

/** Whether an error is the API's refusal of this kind. */
export function isProblem(error: unknown, code: string): boolean {
  return error instanceof Problem && error.code === code;
}

/** What was answered to a call of `api`. It rejects with a `Problem` where that is a refusal. */
export async function answered<T>(asked: Promise<{ data?: T | undefined }>): Promise<T> {
  return (await asked).data as T;
}
