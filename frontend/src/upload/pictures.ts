/** The first bytes of pictures, for tests: enough to tell format and size. */

export function jpeg(width: number, height: number, previewBytes = 10, previews = 1): Blob {
  const preview = new Uint8Array(2 + previewBytes);
  preview.set([0xff, 0xe1, previewBytes >> 8, previewBytes & 0xff]);
  const frame = [0xff, 0xff, 0xc2, 0, 11, 8, ...big(height, 2), ...big(width, 2), 1];
  const all = Array<Uint8Array<ArrayBuffer>>(previews).fill(preview);
  return new Blob([bytes([0xff, 0xd8]), ...all, bytes(frame)], { type: "image/jpeg" });
}

export function png(width: number, height: number): Blob {
  const start = [0x89, ...ascii("PNG\r\n\x1a\n"), ...big(13, 4), ...ascii("IHDR")];
  return new Blob([bytes([...start, ...big(width, 4), ...big(height, 4)])], { type: "image/png" });
}

export function webp(chunk: string, width: number, height: number): Blob {
  const start = [...ascii("RIFF____WEBP"), ...ascii(chunk), 0, 0, 0, 0];
  const lossless = (width - 1) | ((height - 1) << 14);
  const bodies: Record<string, number[]> = {
    "VP8 ": [0, 0, 0, 0x9d, 0x01, 0x2a, ...little(width, 2), ...little(height, 2)],
    VP8L: [0x2f, ...little(lossless, 4)],
    VP8X: [0, 0, 0, 0, ...little(width - 1, 3), ...little(height - 1, 3)],
  };
  return new Blob([bytes([...start, ...(bodies[chunk] ?? [])])], { type: "image/webp" });
}

function bytes(values: number[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(values);
}

function ascii(text: string): number[] {
  return [...text].map((character) => character.charCodeAt(0));
}

function big(value: number, length: number): number[] {
  return little(value, length).reverse();
}

function little(value: number, length: number): number[] {
  return Array.from({ length }, (_, at) => Math.floor(value / 256 ** at) & 0xff);
}
