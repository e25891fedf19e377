/** Pictures that this browser has just uploaded: shown from memory until there are thumbnails. */

const previews = new Map<number, string>();

export function keepPreview(mediaId: number, file: Blob): void {
  if (!previews.has(mediaId)) previews.set(mediaId, URL.createObjectURL(file));
}

export function dropPreviews(): void {
  for (const mediaId of [...previews.keys()]) dropPreview(mediaId);
}

export function previewOf(mediaId: number): string | undefined {
  return previews.get(mediaId);
}

export function dropPreview(mediaId: number): void {
  const url = previews.get(mediaId);
  if (!url) return;
  previews.delete(mediaId);
  URL.revokeObjectURL(url);
}
