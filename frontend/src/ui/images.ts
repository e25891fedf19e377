/** Pictures made anew in the browser: a square of one, or a smaller one. */

export interface Area {
  x: number;
  y: number;
  width: number;
  height: number;
}

const QUALITY = 0.9;
// A phone's browser draws nothing on a larger one.
const CANVAS_MAX_PIXELS = 4096 * 4096;

/** A part of a picture as a JPEG, at most `side` pixels wide and high. */
export async function cropped(url: string, area: Area, side: number, name: string): Promise<File> {
  const scale = Math.min(1, side / Math.max(area.width, area.height));
  return drawn(await loaded(url), area, scale, name);
}

/** The whole picture as a JPEG that fits the limits. */
export async function shrunk(
  file: Blob,
  limits: { maxBytes: number; maxPixels: number; maxSide: number },
  name: string,
): Promise<File> {
  const url = URL.createObjectURL(file);
  try {
    const image = await loaded(url);
    const area = { x: 0, y: 0, width: image.naturalWidth, height: image.naturalHeight };
    const pixels = Math.min(limits.maxPixels, CANVAS_MAX_PIXELS);
    let scale = Math.min(
      1,
      Math.sqrt(pixels / (area.width * area.height)),
      limits.maxSide / Math.max(area.width, area.height),
    );
    for (;;) {
      const made = await drawn(image, area, scale, name);
      if (made.size <= limits.maxBytes) return made;
      scale *= Math.min(0.9, Math.sqrt(limits.maxBytes / made.size));
    }
  } finally {
    URL.revokeObjectURL(url);
  }
}

async function loaded(url: string): Promise<HTMLImageElement> {
  const image = new Image();
  image.src = url;
  await image.decode();
  return image;
}

async function drawn(
  image: HTMLImageElement,
  { x, y, width, height }: Area,
  scale: number,
  name: string,
): Promise<File> {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.floor(width * scale));
  canvas.height = Math.max(1, Math.floor(height * scale));
  const context = canvas.getContext("2d");
  if (!context) throw new Error("This browser cannot draw pictures.");
  context.fillStyle = "#fff"; // a JPEG has no transparency
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = "high";
  context.drawImage(image, x, y, width, height, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise<Blob | null>((resolve) => {
    canvas.toBlob(resolve, "image/jpeg", QUALITY);
  });
  if (!blob) throw new Error("This browser could not make the picture.");
  return new File([blob], name, { type: "image/jpeg" });
}
