// @vitest-environment node

import { expect, test } from "vitest";
import { refusal } from "./fake_product";
import { Problem } from "./problem";
import { inWords } from "./words";

test("sizes, types and times are put as people put them", () => {
  const size = { size_bytes: 5_242_881, max_bytes: 5_242_880 };
  const types = {
    content_type: "application/pdf",
    allowed_content_types: ["image/jpeg", "image/png"],
  };

  expect(inWords(refusal(413, "size_too_large", size))).toContain("5.1 MB; at most 5 MB");
  expect(inWords(refusal(415, "content_type_not_allowed", types))).toBe(
    "A file of type application/pdf is not accepted. Choose a JPEG or PNG picture.",
  );
});

test.each([
  [0, "1 second"],
  [1, "1 second"],
  [99, "99 seconds"],
  [119, "2 minutes"],
  [3600, "60 minutes"],
  [86_000, "24 hours"],
])("%i seconds are %s", (retry_after_s, words) => {
  expect(inWords(refusal(429, "rate_limited", { retry_after_s }))).toContain(`in ${words}.`);
});

test.each([
  [500, "0.5 KB"],
  [2 ** 20, "1 MB"],
  [3 * 2 ** 30, "3 GB"],
])("%i bytes are %s", (size_bytes, words) => {
  expect(inWords(refusal(413, "size_too_large", { size_bytes, max_bytes: 1 }))).toContain(words);
});

test("where a value is missing, the server's own sentence is shown", () => {
  expect(inWords(new Problem({ code: "size_too_large", detail: "Too large." }))).toBe("Too large.");
  expect(
    inWords(
      new Problem({
        code: "content_type_not_allowed",
        detail: "No.",
        context: {
          content_type: "a/b",
          allowed_content_types: "not a list",
        },
      }),
    ),
  ).toBe("No.");
});

test("a code that nobody knows shows what was said, or says something", () => {
  expect(inWords(new Problem({ code: "brand_new", status: 409, detail: "Do this." }))).toBe(
    "Do this.",
  );
  expect(inWords(new Problem({ code: "http_502", status: 502 }))).toContain("not available");
  expect(inWords(new Problem({ code: "http_418", status: 418 }))).toContain("http_418");
});

test("what is no problem has words, too", () => {
  expect(inWords(new TypeError("Failed to fetch"))).toContain("connection");
  expect(inWords(new Error("defect"))).toContain("unexpected");
  expect(inWords(undefined)).toContain("unexpected");
});
