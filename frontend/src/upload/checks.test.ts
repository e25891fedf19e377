// @vitest-environment node

import { expect, test } from "vitest";
import { check, type Inspect } from "./checks";
import { FakeProduct } from "./fake_product";
import { readImageHeader } from "./image_header";
import { jpeg, png } from "./pictures";
import { picture } from "./playground";
import { inWords } from "./words";

const policy = new FakeProduct().limits;

function checked(file: Blob, kind = "post_image", inspect: Inspect = readImageHeader) {
  return check(file, { kind, policy, inspect });
}

function refused(file: Blob, kind?: string, inspect?: Inspect): Promise<unknown> {
  return checked(file, kind, inspect).then(
    () => null,
    (problem: unknown) => problem,
  );
}

test("the type is the one that the file's name promises, where the bytes say nothing", async () => {
  expect(await checked(picture(10, "image/webp"))).toBe("image/webp");
});

test("the bytes know better than the name, and than no name", async () => {
  expect(await checked(png(4, 3).slice(0, 99, "image/jpeg"))).toBe("image/png");
  expect(await checked(png(4, 3).slice(0, 99, ""))).toBe("image/png");
});

test.each([
  ["a type that is not on the list", picture(10, "image/heic"), "content_type_not_allowed", "HEIC"],
  ["no type at all", picture(10, ""), "content_type_not_allowed", "unknown type"],
  ["an empty file", picture(0), "size_not_positive", "empty"],
  ["a file one byte too large", picture(5_242_881), "size_too_large", "5.1 MB; at most 5 MB"],
  ["too many pixels", jpeg(8000, 5001), "too_many_pixels", "8000 x 5001 pixels. At most 40 mega"],
  ["a side that is too long", jpeg(32_769, 10), "too_many_pixels", "32768 pixels on a side"],
])("%s is refused with the server's code, in words", async (_, file, code, words) => {
  const problem = await refused(file);

  expect(problem).toMatchObject({ code });
  expect(inWords(problem)).toContain(words);
});

test("limits are those of the kind", async () => {
  expect(await refused(picture(3_000_000), "avatar")).toMatchObject({ code: "size_too_large" });
  expect(await refused(picture(10, "image/webp"), "avatar")).toMatchObject({
    code: "content_type_not_allowed",
  });
});

test("the largest file and picture that may be pass", async () => {
  expect(await checked(picture(5_242_880))).toBe("image/jpeg");
  expect(await checked(jpeg(8000, 5000))).toBe("image/jpeg");
});

test("a kind that the policy does not know is left to the server", async () => {
  expect(await checked(picture(10, "video/mp4"), "reel")).toBe("video/mp4");
});

test("a file that is gone from the disk is told so", async () => {
  const gone = () => Promise.reject(new DOMException("gone", "NotReadableError"));

  expect(await refused(picture(), "post_image", gone)).toMatchObject({ code: "file_unreadable" });
});
