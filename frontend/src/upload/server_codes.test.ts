// @vitest-environment node

/**
 * Holds the words to the server's codes. It reads the server's source: leave this file behind when
 * you copy the folder.
 */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Problem } from "./problem";
import { inWords, WORDS } from "./words";

const SOURCE = join(import.meta.dirname, "../../../src");
const OURS = ["connection_lost", "file_unreadable", "store_refused", "unexpected"];

function source(folder: string): string {
  const files = readdirSync(join(SOURCE, folder), { recursive: true, encoding: "utf8" });
  const python = files.filter((file) => file.endsWith(".py"));
  return python.map((file) => readFileSync(join(SOURCE, folder, file), "utf8")).join("\n");
}

function found(text: string, pattern: RegExp): string[] {
  return [...new Set([...text.matchAll(pattern)].map((match) => match[1] as string))].sort();
}

const refusals = source("domain");
const http = source("entrypoints/http");
const parts = found(source("adapters"), /Part(?:Unavailable|Full)\(\s*"(\w+)"/g);
const codes = [
  ...found(refusals, /^ {4}code = "(\w+)"/gm),
  ...found(http, /\bproblem\(\s*[\w.]+,\s*"(\w+)"/g),
  ...found(http, /^ +code = "(\w+)"/gm),
  ...parts.flatMap((part) => [`${part}_unavailable`, `${part}_full`]),
];

test("the codes are found where the server keeps them", () => {
  expect(codes.length).toBeGreaterThan(35);
  expect(codes).toEqual(
    expect.arrayContaining(["size_too_large", "invalid_request", "internal_error"]),
  );
  expect(parts).toContain("object_store");
});

test.each(codes)("there are words for %s", (code) => {
  expect(Object.keys(WORDS)).toContain(code);
});

test("there are no words for a code that nobody gives", () => {
  expect(Object.keys(WORDS).filter((code) => ![...codes, ...OURS].includes(code))).toEqual([
    "method_not_allowed", // The framework's word for it.
  ]);
});

test.each(found(refusals, /^ {4}code = "(\w+)"/gm))(
  "%s has the values that its words name",
  (code) => {
    const init = refusals.split(`code = "${code}"`)[1]?.split("\nclass ")[0] ?? "";
    const given = found(init, /\b(\w+)=/g);
    const needed = found(WORDS[code] ?? "", /\{(\w+)/g);

    expect(given).toEqual(expect.arrayContaining(needed));
  },
);

test.each(Object.keys(WORDS))("%s reads well with values", (code) => {
  const context = { ...SAMPLES };

  const words = inWords(new Problem({ code, status: 409, context }));

  expect(words).toMatch(/^[A-Z0-9].*[.]$/);
  expect(words).not.toMatch(/[{}]|undefined|null|NaN|\[object/);
});

const SAMPLES = {
  allowed_content_types: ["image/jpeg", "image/png", "image/webp"],
  content_type: "image/heic",
  declared: "image/jpeg",
  declared_bytes: 2,
  errors: [{ field: "size_bytes", message: "Expected `int`" }],
  expected_kind: "post_image",
  found: "image/png",
  height: 10_000,
  kind: "avatar",
  max_bytes: 5_242_880,
  max_length: 256,
  max_pending: 20,
  max_pending_bytes: 100_000_000,
  max_pixels: 40_000_000,
  max_side_px: 32_768,
  max_stored_bytes: 2_000_000_000,
  min_length: 8,
  reason: "is empty",
  retry_after_s: 120,
  size_bytes: 6_000_000,
  stored_bytes: 1_900_000_000,
  user: "ada",
  username: "ada",
  width: 10_000,
};
