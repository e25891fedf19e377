/** What the server would refuse, refused before anything is sent, with the server's codes. */

import type { ImageHeader } from "./image_header";
import { Problem } from "./problem";
import type { Kind, UploadPolicy } from "./types";

/** Reads a file's header; null where it has none that is known. */
export type Inspect = (file: Blob) => Promise<ImageHeader | null>;

/**
 * The content type to declare. The first bytes know better than the file's name, which is where a
 * browser takes the type from: a WebP that was saved as .jpg would be refused once it is uploaded.
 */
export async function check(
  file: Blob,
  { kind, policy, inspect }: { kind: Kind; policy: UploadPolicy; inspect: Inspect },
): Promise<string> {
  const header = await inspect(file).catch((cause: unknown) => {
    throw new Problem({ code: "file_unreadable", cause });
  });
  const contentType = header?.contentType ?? file.type;
  checkDeclaration(contentType, file.size, kind, policy);
  if (header?.size) checkPixels(header.size, policy);
  return contentType;
}

function checkDeclaration(contentType: string, size: number, kind: Kind, policy: UploadPolicy) {
  const limits = policy.kinds[kind];
  if (!limits) return; // The server knows its kinds better than a cached policy.
  const { max_bytes, allowed_content_types } = limits;
  if (size < 1) throw new Problem({ code: "size_not_positive", context: { size_bytes: size } });
  if (!allowed_content_types.includes(contentType)) {
    const context = { content_type: contentType, allowed_content_types };
    throw new Problem({ code: "content_type_not_allowed", context });
  }
  if (size > max_bytes) {
    throw new Problem({ code: "size_too_large", context: { size_bytes: size, max_bytes, kind } });
  }
}

function checkPixels({ width, height }: { width: number; height: number }, policy: UploadPolicy) {
  const { max_pixels, max_side_px } = policy;
  if (width * height <= max_pixels && Math.max(width, height) <= max_side_px) return;
  const context = { width, height, max_pixels, max_side_px };
  throw new Problem({ code: "too_many_pixels", context });
}
