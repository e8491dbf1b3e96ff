"""Image files, some of which attack what reads them."""

import io
import struct
import zlib
from typing import Any

from PIL import Image

ORIENTATION, MAKE = 0x0112, 0x010F


def picture(size: tuple[int, int] = (64, 48), mode: str = "RGB") -> Image.Image:
    """Return a picture whose left half is red."""
    image = Image.new("RGB", size, (0, 0, 255))
    image.paste((255, 0, 0), (0, 0, size[0] // 2, size[1]))
    return image.convert(mode)


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:  # noqa: ANN401  Pillow's.
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def with_metadata(orientation: int = 6) -> bytes:
    """Return a JPEG file with a place, a camera, a comment, and a turn by 90 degrees."""
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    exif[MAKE] = "secret camera"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    return encoded(picture(), "JPEG", exif=exif, comment=b"secret comment", quality=95)


def animation(kind: str, frames: int) -> bytes:
    images = [picture((8, 8)).rotate(90 * number) for number in range(frames)]
    return encoded(images[0], kind, save_all=True, append_images=images[1:], duration=10)


def many_webp_frames(frames: int = 10_000) -> bytes:
    """Return an animated WebP file of so many frames, without encoding each."""
    head, frame = _webp_parts(animation("WEBP", 2))
    body = head + frame * frames
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def _webp_parts(content: bytes) -> tuple[bytes, bytes]:
    """Return what comes before the frames, and one frame."""
    head, position = b"", 12
    while position < len(content):
        kind = content[position : position + 4]
        (size,) = struct.unpack("<I", content[position + 4 : position + 8])
        chunk = content[position : position + 8 + size + size % 2]
        if kind == b"ANMF":
            return head, chunk
        head += chunk
        position += len(chunk)
    raise ValueError("no frame")


def png_bomb(width: int, height: int) -> bytes:
    """Return a small PNG file that says it has so many pixels, all black."""
    rows = zlib.compress(b"\0" * 1_000_000, 9)
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", rows), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_png_chunk(kind, content) for kind, content in chunks)


def png_with_text_bomb() -> bytes:
    """Return a PNG file whose comment unpacks to a hundred megabytes."""
    image = encoded(picture(), "PNG")
    bomb = b"Comment\0\0" + zlib.compress(b"\0" * 100_000_000, 9)
    return image[:33] + _png_chunk(b"zTXt", bomb) + image[33:]


def _png_chunk(kind: bytes, content: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + checksum


def webp_bomb(side: int = 8000) -> bytes:
    """Return the head of a WebP file that says it has so many pixels a side."""
    sides = (side - 1) | (side - 1) << 14
    content = b"VP8L" + struct.pack("<IBI", 20, 0x2F, sides) + b"\0" * 15
    return b"RIFF" + struct.pack("<I", len(content) + 4) + b"WEBP" + content


def jpeg_of_two(first: Image.Image | None = None, second: Image.Image | None = None) -> bytes:
    """Return a JPEG file with two images (MPO), the second of other size and colour."""
    exif = Image.Exif()
    exif[ORIENTATION], exif[MAKE] = 6, "secret camera"
    others = [second or Image.new("RGB", (32, 32), (0, 255, 0))]
    return encoded(
        first or picture(), "MPO", save_all=True, append_images=others, exif=exif, quality=95
    )


def jpeg_with_broken_index() -> bytes:
    """Return a JPEG file whose index names two images, and the second is cut off."""
    content = jpeg_of_two()
    return content[: content.rindex(b"\xff\xd8\xff")]


def jpeg_of_many(images: int = 0xFFFFFFFF) -> bytes:
    """Return a JPEG file whose index says that it has so many images."""
    content = jpeg_of_two()
    # The entry of the number of images: its tag, its type, one value, which is 2.
    number = struct.pack("<HHII", 0xB001, 4, 1, 2)
    assert content.count(number) == 1
    return content.replace(number, number[:-4] + struct.pack("<I", images))


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"
