// @vitest-environment node

import { expect, test } from "vitest";
import { readImageHeader } from "./image_header";
import { jpeg, png, webp } from "./pictures";

test.each([
  ["JPEG", jpeg(640, 480), "image/jpeg"],
  ["JPEG behind a long preview", jpeg(640, 480, 60_000), "image/jpeg"],
  ["PNG", png(640, 480), "image/png"],
  ["WebP, lossy", webp("VP8 ", 640, 480), "image/webp"],
  ["WebP, lossless", webp("VP8L", 640, 480), "image/webp"],
  ["WebP, extended", webp("VP8X", 640, 480), "image/webp"],
])("%s tells its format and size", async (_, file, contentType) => {
  expect(await readImageHeader(file)).toEqual({ contentType, size: { width: 640, height: 480 } });
});

test("sizes go as far as the formats do", async () => {
  expect((await readImageHeader(webp("VP8X", 2 ** 24, 2 ** 24)))?.size?.width).toBe(2 ** 24);
  expect((await readImageHeader(webp("VP8L", 16384, 16384)))?.size?.height).toBe(16384);
  expect((await readImageHeader(jpeg(65535, 65535)))?.size?.height).toBe(65535);
});

test.each([
  ["cut off", jpeg(640, 480).slice(0, 8)],
  [
    "without a size where one belongs",
    new Blob([new Uint8Array([0xff, 0xd8, 0xff, 0xe0, 0, 2, 0, 0, 0])]),
  ],
  ["with its size too far behind", jpeg(640, 480, 60_000, 6)],
])("a JPEG %s tells its format alone", async (_, file) => {
  expect(await readImageHeader(file)).toEqual({ contentType: "image/jpeg", size: null });
});

test.each(["", "GIF89a", "<svg/>", "RIFF", "%PDF-1.7"])("%j is none of them", async (start) => {
  expect(await readImageHeader(new Blob([start]))).toBeNull();
});

test("any bytes at all are taken", async () => {
  for (const start of [jpeg(9, 9), png(9, 9), webp("VP8X", 9, 9), webp("NONE", 9, 9)]) {
    for (let length = 0; length < start.size; length += 1) {
      await expect(readImageHeader(start.slice(0, length))).resolves.not.toThrow();
    }
  }
});
