import { expect, test, vi } from "vitest";
import { browser } from "./environment";
import { untilOnline } from "./waiting";

const { signal } = new AbortController();

test("the network is what the browser says, and its return is heard once", async () => {
  const onLine = vi.spyOn(navigator, "onLine", "get").mockReturnValue(false);
  const heard = vi.fn();
  const stop = browser.onOnline(heard);
  expect(browser.isOnline()).toBe(false);

  dispatchEvent(new Event("online"));
  stop();
  dispatchEvent(new Event("online"));

  expect(heard).toHaveBeenCalledTimes(1);
  onLine.mockRestore();
  expect(browser.isOnline()).toBe(true);
});

test("who waits for the network goes on when it returns, or at once where it is there", async () => {
  await untilOnline(browser, signal);
  const onLine = vi.spyOn(navigator, "onLine", "get").mockReturnValue(false);

  const waiting = untilOnline(browser, signal);
  dispatchEvent(new Event("online"));

  await expect(waiting).resolves.toBeUndefined();
  onLine.mockRestore();
});

test("a timer that is called off does not call", () => {
  vi.useFakeTimers();
  const called = vi.fn();

  const callOff = browser.after(10, called);
  browser.after(10, called);
  callOff();
  vi.advanceTimersByTime(20);

  expect(called).toHaveBeenCalledTimes(1);
  vi.useRealTimers();
});
