import { expect, test } from "vitest";
import type { Media } from "../api/client";
import { placeholderUrl, shownRatio, srcSetOf } from "./picture";

const media = (changes: Record<string, unknown>) => ({ ...changes }) as unknown as Media;

test("a thumbnail is announced with the width that it really has", () => {
  const portrait = media({
    width: 3000,
    height: 4000,
    thumb_1024_url: "/large",
    thumb_128_url: "/small",
    thumb_512_url: "/middle",
  });

  expect(srcSetOf(portrait)).toBe("/small 96w, /middle 384w, /large 768w");
});

test("it is never announced as larger than the original", () => {
  expect(srcSetOf(media({ width: 300, height: 200, thumb_1024_url: "/large" }))).toBe(
    "/large 300w",
  );
});

test("a tower may be shown from its original", () => {
  const tower = { width: 300, height: 3000, media_url: "/original", thumb_1024_url: "/large" };

  expect(srcSetOf(media(tower))).toBe("/large 102w, /original 300w");
});

test("the sizes are the server's to choose", () => {
  const other = media({ width: 900, height: 900, thumb_64_url: "/64", thumb_640_url: null });

  expect(srcSetOf(other)).toBe("/64 64w");
});

test("a tower gets no more room than a portrait, and what is not known yet a landscape's", () => {
  expect(shownRatio(500, 5000)).toBe(4 / 5);
  expect(shownRatio(2000, 1000)).toBe(2);
  expect(shownRatio(null, null)).toBe(4 / 3);
});

test("what is no placeholder is shown as none", () => {
  expect(placeholderUrl("~~~")).toBeNull();
  expect(placeholderUrl("3OcRJYB4d3h/iIeHeEh3eIhw+j3A")).toMatch(/^data:image\/png;base64,/);
});
