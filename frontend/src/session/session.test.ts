import { beforeEach, expect, test, vi } from "vitest";
import { pageToGoTo } from "./next";

beforeEach(() => {
  localStorage.clear();
  vi.resetModules();
});

const ada = { token: "a", username: "ada" };

test("a session is kept over a reload", async () => {
  (await import("./session")).session.begin(ada);
  vi.resetModules();

  expect((await import("./session")).session.get()).toEqual(ada);
});

test("what is kept and is no session counts for nothing", async () => {
  localStorage.setItem("mediaport.session", '{"token": 1');

  expect((await import("./session")).session.get()).toBeNull();
});

test("whoever comes back finds what they were doing; nobody else does", async () => {
  const { session } = await import("./session");
  const forget = vi.fn();
  session.onChangeOfUser(forget);

  session.begin(ada);
  session.end();
  session.begin({ ...ada, token: "b" });
  expect(forget).not.toHaveBeenCalled();

  session.end();
  session.begin({ token: "c", username: "bob" });
  expect(forget).toHaveBeenCalledOnce();
});

test("logging out leaves nothing behind", async () => {
  const { session } = await import("./session");
  const forget = vi.fn();
  session.onChangeOfUser(forget);
  session.begin(ada);

  session.logOut();

  expect(session.get()).toBeNull();
  expect(localStorage.getItem("mediaport.session")).toBe("null");
  expect(forget).toHaveBeenCalledOnce();
});

test("another tab's session is this tab's", async () => {
  const { session } = await import("./session");
  localStorage.setItem("mediaport.session", JSON.stringify(ada));

  dispatchEvent(new StorageEvent("storage", { key: "mediaport.session" }));

  expect(session.get()).toEqual(ada);
});

test("another tab's logout leaves nothing behind in this one, either", async () => {
  const { session } = await import("./session");
  const forget = vi.fn();
  session.onChangeOfUser(forget);
  session.begin(ada);
  localStorage.setItem("mediaport.session", "null");

  dispatchEvent(new StorageEvent("storage", { key: "mediaport.session", newValue: "null" }));

  expect([session.get(), session.hasEnded()]).toEqual([null, false]);
  expect(forget).toHaveBeenCalledOnce();
});

test.each([
  ["next=%2F%40ada", "/@ada"],
  ["", "/"],
  ["next=https%3A%2F%2Fevil.example%2F", "/"],
  ["next=%2F%2Fevil.example", "/"],
  ["next=javascript%3Aalert(1)", "/"],
  ["next=http%3A%2F%2F%5B", "/"],
  ["next=%2F.%2F%2Fevil.example", "/"],
  ["next=%2Fa%2F..%2F%2Fevil.example", "/"],
])("after logging in, %j leads to %s", (search, page) => {
  expect(pageToGoTo(search)).toBe(page);
});
