"""Decodes and encodes images, each in a child process with bounds (decision 38)."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress

from shop.adapters.images import child
from shop.adapters.images.child_messages import (
    ENCODE,
    MAX_SIDE,
    NOT_AN_IMAGE,
    REASONS,
    RESIZE,
    TOO_LARGE,
)
from shop.application.ports.image_processor import EncodedImage, ImageProcessor
from shop.domain.catalogue.product_image import InvalidImage

MAX_CHILDREN = 2
"""How many images are decoded at once; others wait."""

MAX_SECONDS = 60.0
"""A busy machine needs longer than the processor time that the process gives itself."""

MAX_HEAD_BYTES = 10_000
MAX_OUTPUT_BYTES = 64 * 1024 * 1024
"""More than any image has; a child that an image has taken over could write without end."""


class ChildImageProcessor(ImageProcessor):
    """Starts a process for each image, and believes nothing of what it writes."""

    def __init__(self, *, max_seconds: float = MAX_SECONDS) -> None:
        self._places = asyncio.Semaphore(MAX_CHILDREN)
        self._max_seconds = max_seconds

    async def encode(self, content: bytes) -> EncodedImage:
        """Return the image of a file."""
        (encoded,) = await self._run(content, ENCODE, count=1)
        return encoded

    async def resize(self, content: bytes, widths: Collection[int]) -> Mapping[int, EncodedImage]:
        """Return an encoded image in these widths."""
        arguments = [str(each) for each in widths]
        resized = await self._run(content, RESIZE, *arguments, count=len(arguments))
        return dict(zip(widths, resized, strict=True))

    async def _run(self, content: bytes, *arguments: str, count: int) -> Sequence[EncodedImage]:
        async with self._places:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-I",
                "-m",
                child.__name__,
                *arguments,
                stdin=PIPE,
                stdout=PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env={},
            )
            try:
                async with asyncio.timeout(self._max_seconds):
                    output = await _exchange(process, content)
                    code = await process.wait()
            except TimeoutError:
                raise InvalidImage(reason=TOO_LARGE) from None
            finally:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if code > 0:
            # No image does this: the process could not begin.
            raise RuntimeError(f"the process that decodes images ends with code {code}")
        return _images(output, count)


async def _exchange(process: Process, content: bytes) -> bytes:
    """Send the image; return what the process writes, as far as it is bounded."""
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the process has no pipes")
    sending = asyncio.ensure_future(_send(process.stdin, content))
    try:
        parts, size = [], 0
        while part := await process.stdout.read(1 << 16):
            parts.append(part)
            size += len(part)
            if size > MAX_OUTPUT_BYTES:
                raise InvalidImage(reason=TOO_LARGE)
        return b"".join(parts)
    finally:
        sending.cancel()
        with suppress(asyncio.CancelledError, ConnectionError):
            await sending


async def _send(pipe: asyncio.StreamWriter, content: bytes) -> None:
    # A process that has seen enough reads no more.
    with suppress(ConnectionError):
        pipe.write(content)
        await pipe.drain()
        pipe.close()
        await pipe.wait_closed()


def _images(output: bytes, count: int) -> Sequence[EncodedImage]:
    """Return the images that the process wrote; raise `InvalidImage` if it did not end well."""
    try:
        end = output.index(b"\n", 0, MAX_HEAD_BYTES)
        head = json.loads(output[:end])
        if "rejected" in head:
            raise InvalidImage(reason=_known(head["rejected"]))
        return _cut(output[end + 1 :], [tuple(map(int, each)) for each in head["images"]], count)
    except (ValueError, KeyError, TypeError):
        # The process was killed at one of its limits, or by a fault of a decoder.
        raise InvalidImage(reason=NOT_AN_IMAGE) from None


def _known(reason: object) -> str:
    return reason if isinstance(reason, str) and reason in REASONS else NOT_AN_IMAGE


def _cut(content: bytes, images: Sequence[tuple[int, ...]], count: int) -> Sequence[EncodedImage]:
    cut, start = [], 0
    for width, height, size in images:
        cut.append(EncodedImage(content=content[start : start + size], width=width, height=height))
        start += size
    if len(cut) != count or start != len(content) or not all(map(_is_sound, cut)):
        raise ValueError("the process wrote something else")
    return cut


def _is_sound(image: EncodedImage) -> bool:
    sides = (image.width, image.height)
    is_webp = image.content[:4] == b"RIFF" and image.content[8:12] == b"WEBP"
    return is_webp and all(0 < each <= MAX_SIDE for each in sides)
