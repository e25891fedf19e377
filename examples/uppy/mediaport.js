// The three calls around an upload, whoever uploads.

let api = "";
let token = "";

async function call(method, path, body) {
  const headers = { "Content-Type": "application/json" };
  if (token) headers.Authorization = `Bearer ${token}`;
  const answer = await fetch(api + path, { method, headers, body: JSON.stringify(body) });
  const json = await answer.json();
  if (!answer.ok) throw new Error(json.detail);
  return json;
}

export async function register(at, username, password) {
  api = at;
  token = (await call("POST", "/auth/register", { username, password })).access_token;
}

export function presign(file) {
  const { type, size } = file;
  return call("POST", "/media/presign", { kind: "post_image", content_type: type, size_bytes: size });
}

/** Have it verified and published; then wait for its thumbnails. */
export async function complete(mediaId) {
  let media = await call("POST", `/media/${mediaId}/complete`);
  while (media.thumbnails_status === "pending") {
    await new Promise((resolve) => setTimeout(resolve, 100));
    media = await call("GET", `/media/${mediaId}`);
  }
  return media;
}
