// @vitest-environment node

/**
 * Holds the types to the API's schema. It reads the app's generated types: leave this file behind
 * when you copy the folder.
 */

import { expectTypeOf, test } from "vitest";
import type { components } from "../api/schema";
import type { MediaItem, Presigned, PresignRequest, UploadPolicy } from "./types";

type Api = components["schemas"];

test("what the API answers is what the core takes", () => {
  expectTypeOf<Api["MediaObject"]>().toExtend<MediaItem>();
  expectTypeOf<Api["PresignedObject"]>().toExtend<Presigned>();
  expectTypeOf<Api["PolicyObject"]>().toExtend<UploadPolicy>();
});

test("what the core sends is what the API takes", () => {
  expectTypeOf<PresignRequest & { kind: Api["PresignRequest"]["kind"] }>().toExtend<
    Api["PresignRequest"]
  >();
});

test("the core knows every field of a media item, but for the sizes of thumbnails", () => {
  type Known = Exclude<keyof Api["MediaObject"], `thumb_${number}_url`>;

  expectTypeOf<Known>().toExtend<keyof MediaItem>();
});
