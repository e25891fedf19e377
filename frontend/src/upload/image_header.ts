/**
 * What the first bytes of a file say: its real format, and its size in pixels. Nothing is decoded.
 */

export interface ImageHeader {
  contentType: string;
  /** Null where it stands further behind than we look. */
  size: { width: number; height: number } | null;
}

/** Cameras write previews and colour profiles before the size. */
const LOOKED_AT_BYTES = 256 * 1024;

/**
 * The header of a JPEG, PNG or WebP; null for anything else. Rejects where the file cannot be read.
 */
export async function readImageHeader(file: Blob): Promise<ImageHeader | null> {
  const view = new DataView(await file.slice(0, LOOKED_AT_BYTES).arrayBuffer());
  const format = FORMATS.find(({ isOf }) => isOf(view));
  return format ? { contentType: format.contentType, size: sizeOf(view, format.sizeIn) } : null;
}

const FORMATS = [
  {
    contentType: "image/jpeg",
    isOf: (view: DataView) => starts(view, [0xff, 0xd8, 0xff]),
    sizeIn: jpegSize,
  },
  {
    contentType: "image/png",
    isOf: (view: DataView) => starts(view, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    sizeIn: pngSize,
  },
  {
    contentType: "image/webp",
    isOf: (view: DataView) => tagAt(view, 0) === "RIFF" && tagAt(view, 8) === "WEBP",
    sizeIn: webpSize,
  },
];

function sizeOf(view: DataView, sizeIn: (view: DataView) => ImageHeader["size"]) {
  try {
    return sizeIn(view);
  } catch (error) {
    if (error instanceof RangeError) return null; // It ends before.
    throw error;
  }
}

function pngSize(view: DataView) {
  return { width: view.getUint32(16), height: view.getUint32(20) };
}

function jpegSize(view: DataView) {
  let at = 2;
  for (;;) {
    if (view.getUint8(at) !== 0xff) return null;
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) at += 1;
    else if (isFrame(marker))
      return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    else at += 2 + view.getUint16(at + 2);
  }
}

/** Start-of-frame markers are C0 to CF without DHT, JPG and DAC. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}

function webpSize(view: DataView) {
  switch (tagAt(view, 12)) {
    case "VP8X":
      return { width: 1 + uint24(view, 24), height: 1 + uint24(view, 27) };
    case "VP8L": {
      const bits = view.getUint32(21, true);
      return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) };
    }
    case "VP8 ":
      return {
        width: view.getUint16(26, true) & 0x3fff,
        height: view.getUint16(28, true) & 0x3fff,
      };
    default:
      return null;
  }
}

function uint24(view: DataView, at: number): number {
  return view.getUint16(at, true) + view.getUint8(at + 2) * 2 ** 16;
}

function starts(view: DataView, bytes: number[]): boolean {
  const isLongEnough = view.byteLength >= bytes.length;
  return isLongEnough && bytes.every((byte, at) => view.getUint8(at) === byte);
}

/** Four letters, which name a part of a RIFF file. */
function tagAt(view: DataView, at: number): string {
  if (view.byteLength < at + 4) return "";
  return String.fromCharCode(...new Uint8Array(view.buffer, at, 4));
}
