"""The process that decodes one image and ends: `python -m shop.adapters.images.child`.

Images can attack what decodes them: by their size, and through faults of decoders. So this process
has little memory and time, no files and no secrets. It reads the image from its standard input, and
writes one line of JSON and then the encoded images, or the reason why there are none.

It imports nothing of the shop, so that it starts quickly.
"""

import io
import json
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

ENCODE, RESIZE = "encode", "resize"

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF")
JPEG_WITH_OTHERS = "MPO"
"""What the library makes of a JPEG file with several images (CIPA DC-007)."""

MAX_PIXELS = 30_000_000
MAX_SIDE = 12_000
QUALITY = 82

MEMORY_BYTES = 1 << 30
CPU_SECONDS = 20
OPEN_FILES = 64

NOT_AN_IMAGE, FORMAT, ANIMATED, TOO_LARGE = "not-an-image", "format", "animated", "too-large"
REASONS = frozenset({NOT_AN_IMAGE, FORMAT, ANIMATED, TOO_LARGE})


class _RejectedImage(Exception):
    """The image is not accepted, for one of the reasons."""


def main(arguments: Sequence[str]) -> None:
    """Encode the image on the standard input, or resize it to some widths."""
    _limit_this_process()
    command, *widths = arguments
    head: dict[str, object]
    try:
        encoded = list(_encode(sys.stdin.buffer.read(), command, [int(each) for each in widths]))
    except _RejectedImage as rejected:
        head, encoded = {"rejected": str(rejected)}, []
    except MemoryError:
        head, encoded = {"rejected": TOO_LARGE}, []
    except Exception:  # noqa: BLE001  A decoder may raise anything about what is not an image.
        head, encoded = {"rejected": NOT_AN_IMAGE}, []
    else:
        head = {"images": [[width, height, len(content)] for width, height, content in encoded]}
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n")
    for _, _, content in encoded:
        sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def _limit_this_process() -> None:
    if sys.platform != "win32":
        import resource

        for limit, amount in (
            (resource.RLIMIT_AS, MEMORY_BYTES),
            (resource.RLIMIT_CPU, CPU_SECONDS),
            (resource.RLIMIT_NOFILE, OPEN_FILES),
            (resource.RLIMIT_FSIZE, 0),
            (resource.RLIMIT_CORE, 0),
        ):
            resource.setrlimit(limit, (amount, amount))


def _encode(
    content: bytes, command: str, widths: Sequence[int]
) -> Iterator[tuple[int, int, bytes]]:
    image = _decoded(content)
    if command == ENCODE:
        yield _webp(_in_srgb(_upright(image)))
        return
    for width in widths:
        height = max(1, round(image.height * width / image.width))
        yield _webp(image.resize((width, height), reducing_gap=2.0))


def _decoded(content: bytes) -> "Image":
    import warnings

    from PIL import AvifImagePlugin, Image, UnidentifiedImageError

    # The library warns beyond this number of pixels and raises beyond twice as many.
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS // 2
    # Each thread would need memory of its own.
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    warnings.simplefilter("ignore")
    try:
        image = Image.open(io.BytesIO(content), formats=FORMATS)
    except UnidentifiedImageError:
        raise _RejectedImage(FORMAT if _is_other_image(content) else NOT_AN_IMAGE) from None
    except Image.DecompressionBombError:
        raise _RejectedImage(TOO_LARGE) from None
    # All of this is known from the head of the file: nothing is decoded before.
    # Cameras append other images to a JPEG, such as what screens brighten it with. Only the first
    # is looked at: it is what every viewer shows.
    if image.format != JPEG_WITH_OTHERS and getattr(image, "n_frames", 1) != 1:
        raise _RejectedImage(ANIMATED)
    if image.width * image.height > MAX_PIXELS or max(image.size) > MAX_SIDE:
        raise _RejectedImage(TOO_LARGE)
    image.load()
    return image


def _is_other_image(content: bytes) -> bool:
    """Check for formats that are not accepted, only to say so."""
    start = content[:64].lstrip().lower()
    return start.startswith((b"gif8", b"<svg", b"<?xml", b"bm", b"ii*", b"mm\0*", b"%pdf")) or (
        content[4:8] == b"ftyp" and not content.startswith(b"avi", 8)
    )


def _upright(image: "Image") -> "Image":
    """Turn the image as its metadata say, because they are not kept."""
    from PIL import ImageOps

    return ImageOps.exif_transpose(image)


def _in_srgb(image: "Image") -> "Image":
    """Convert the colours to sRGB, which a browser assumes without a profile."""
    mode = "RGBA" if _has_transparency(image) else "RGB"
    profile = image.info.get("icc_profile")
    if image.mode.startswith("I"):
        # 16 bits a pixel: the upper eight of them are kept.
        image = image.point(lambda value: value / 256).convert("L")
    elif profile and image.mode in {"RGB", "RGBA", "CMYK", "L"}:
        image = _converted(image, profile, mode)
    return image if image.mode == mode else image.convert(mode)


def _converted(image: "Image", profile: bytes, mode: str) -> "Image":
    from PIL import ImageCms

    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        srgb = ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(image, source, srgb, outputMode=mode) or image
    except (ImageCms.PyCMSError, OSError, ValueError):
        # A profile that cannot be used is no reason to reject what the image shows.
        return image


def _has_transparency(image: "Image") -> bool:
    return image.mode in {"RGBA", "LA", "PA", "RGBa", "La"} or "transparency" in image.info


def _webp(image: "Image") -> tuple[int, int, bytes]:
    target = io.BytesIO()
    image.info = {}
    # Without these, the metadata of the file could be kept.
    image.save(target, "WEBP", quality=QUALITY, exif=b"", icc_profile=b"", xmp=b"")
    return image.width, image.height, target.getvalue()


if __name__ == "__main__":
    main(sys.argv[1:])
