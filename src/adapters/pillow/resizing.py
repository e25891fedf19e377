"""Lanczos: by SIMD where there is a wheel for the machine, else by Pillow. The same, but for time.

The wheel works on Pillow's own memory. It exists for x86-64 and for macOS.
"""

from PIL import Image

try:
    from cykooz_resizer import CropBox, FilterType, ResizeAlg, ResizeOptions, Resizer
except ImportError:
    HAS_SIMD = False
else:
    HAS_SIMD = True

# How far the kernel reaches, in pixels of the result.
REACH = 3


def resized(
    image: Image.Image,
    size: tuple[int, int],
    box: tuple[float, float, float, float] | None = None,
) -> Image.Image:
    """The image, or the part of it in `box` (left, top, right, bottom), at another size.

    Of the modes RGB, RGBA, L and CMYK. Alpha weighs colours: what cannot be seen colours no edge.
    """
    if box is None:
        if image.size == size:
            return image
        box = (0, 0, *image.size)
    if not HAS_SIMD:
        return image.resize(size, Image.Resampling.LANCZOS, box)
    left, top, right, bottom = box
    options = ResizeOptions(
        resize_alg=ResizeAlg.convolution(FilterType.lanczos3),
        crop_box=CropBox(left, top, right - left, bottom - top),
    )
    result = Image.new(image.mode, size)
    Resizer().resize_pil(image, result, options)
    return result
