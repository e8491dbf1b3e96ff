"""Images of strangers, decoded by the real process."""

import asyncio
import os
from collections.abc import Callable

import pytest
from PIL import Image, ImageCms

from shop.adapters.images.image_processor import ChildImageProcessor
from shop.domain.catalogue.product_image import InvalidImage
from tests.adapters.images.hostile_files import (
    HTML,
    SVG,
    animation,
    encoded,
    jpeg_of_many,
    jpeg_of_two,
    jpeg_with_broken_index,
    many_webp_frames,
    opened,
    picture,
    png_bomb,
    png_with_text_bomb,
    webp_bomb,
    with_metadata,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
def processor() -> ChildImageProcessor:
    return ChildImageProcessor()


async def _rejection(processor: ChildImageProcessor, content: bytes) -> str:
    with pytest.raises(InvalidImage) as caught:
        await processor.encode(content)
    return caught.value.reason


def _is_reddish(image: Image.Image, place: tuple[int, int]) -> bool:
    red, _, blue = image.convert("RGB").getpixel(place)  # type: ignore[misc]
    return bool(red > 200 and blue < 60)


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        ("JPEG", "RGB"),
        ("JPEG", "L"),
        ("JPEG", "CMYK"),
        ("PNG", "RGBA"),
        ("PNG", "P"),
        ("PNG", "LA"),
        ("PNG", "1"),
        ("WEBP", "RGB"),
        ("AVIF", "RGB"),
    ],
)
async def test_accepted_formats_become_webp(
    processor: ChildImageProcessor, kind: str, mode: str
) -> None:
    image = await processor.encode(encoded(picture(mode=mode), kind))

    result = opened(image.content)
    assert (result.format, result.size) == ("WEBP", (64, 48))
    assert (image.width, image.height) == (64, 48)


async def test_colours_and_transparency_stay(processor: ChildImageProcessor) -> None:
    glass = picture(mode="RGBA")
    glass.putalpha(0)

    seen = opened((await processor.encode(encoded(picture(), "PNG"))).content)
    unseen = opened((await processor.encode(encoded(glass, "PNG"))).content)

    assert _is_reddish(seen, (5, 5))
    assert not _is_reddish(seen, (60, 5))
    assert unseen.mode == "RGBA"
    assert unseen.getpixel((5, 5))[3] == 0  # type: ignore[index]


async def test_grey_of_sixteen_bits_stays_grey(processor: ChildImageProcessor) -> None:
    grey = Image.new("I;16", (16, 16), 0x8000)

    image = opened((await processor.encode(encoded(grey, "PNG"))).content)

    assert image.convert("L").getpixel((8, 8)) == pytest.approx(128, abs=3)


async def test_image_is_turned_and_its_metadata_are_gone(processor: ChildImageProcessor) -> None:
    content = with_metadata(orientation=6)
    assert b"secret" in content

    image = await processor.encode(content)

    result = opened(image.content)
    assert result.size == (48, 64)
    assert _is_reddish(result, (24, 5))
    assert not _is_reddish(result, (24, 60))
    assert dict(result.getexif()) == {}
    assert not {"exif", "icc_profile", "xmp"} & result.info.keys()
    assert b"secret" not in image.content


@pytest.mark.parametrize(
    "make",
    [
        jpeg_of_two,
        lambda: jpeg_of_two(second=picture((12_001, 8))),
        jpeg_with_broken_index,
        jpeg_of_many,
    ],
    ids=["both", "second too long", "second missing", "many in the index"],
)
async def test_of_a_jpeg_with_several_images_the_first_is_taken(
    processor: ChildImageProcessor, make: Callable[[], bytes]
) -> None:
    image = await processor.encode(make())

    result = opened(image.content)
    assert (result.format, result.size) == ("WEBP", (48, 64))
    assert _is_reddish(result, (24, 5))
    assert b"secret" not in image.content


async def test_colour_profile_is_applied_and_not_kept(processor: ChildImageProcessor) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    broken, unfit = b"no profile", profile.tobytes()
    for icc_profile in (ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(), unfit):
        content = encoded(picture(), "PNG", icc_profile=icc_profile)
        result = opened((await processor.encode(content)).content)
        assert _is_reddish(result, (5, 5))
        assert "icc_profile" not in result.info
    result = opened((await processor.encode(encoded(picture(), "PNG", icc_profile=broken))).content)
    assert _is_reddish(result, (5, 5))


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        pytest.param(lambda: SVG, "format", id="svg"),
        pytest.param(lambda: HTML, "not-an-image", id="html"),
        pytest.param(lambda: b"", "not-an-image", id="empty"),
        pytest.param(lambda: os.urandom(10_000), "not-an-image", id="noise"),
        pytest.param(lambda: encoded(picture(), "GIF"), "format", id="gif"),
        pytest.param(lambda: encoded(picture(), "TIFF"), "format", id="tiff"),
        pytest.param(lambda: encoded(picture(), "BMP"), "format", id="bmp"),
        pytest.param(
            lambda: jpeg_of_two(first=picture((12_001, 8))), "too-large", id="mpo, too long"
        ),
        pytest.param(lambda: jpeg_of_two()[:700], "not-an-image", id="mpo, cut in the first"),
        pytest.param(lambda: animation("WEBP", 3), "animated", id="animated webp"),
        pytest.param(lambda: animation("PNG", 3), "animated", id="animated png"),
        pytest.param(lambda: animation("AVIF", 3), "animated", id="animated avif"),
        pytest.param(many_webp_frames, "animated", id="10,000 frames"),
        pytest.param(lambda: png_bomb(31_623, 31_623), "too-large", id="10^9 pixels"),
        pytest.param(lambda: png_bomb(100_000, 10), "too-large", id="one long side"),
        pytest.param(lambda: png_bomb(2**31 - 1, 2**31 - 1), "too-large", id="2^62 pixels"),
        pytest.param(webp_bomb, "too-large", id="webp bomb"),
        pytest.param(png_with_text_bomb, "not-an-image", id="bomb in a comment"),
        pytest.param(lambda: png_bomb(5_000, 5_000), "not-an-image", id="too few rows"),
    ],
)
async def test_other_files_are_rejected(
    processor: ChildImageProcessor, make: Callable[[], bytes], reason: str
) -> None:
    assert await _rejection(processor, make()) == reason


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
async def test_truncated_file_is_rejected(processor: ChildImageProcessor, kind: str) -> None:
    noise = Image.effect_noise((64, 64), 90)
    content = encoded(noise.convert("RGB"), kind)

    assert await _rejection(processor, content[: len(content) // 2]) == "not-an-image"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
async def test_nothing_hidden_behind_an_image_survives(
    processor: ChildImageProcessor, kind: str
) -> None:
    """A file that is an image and a page as well becomes an image alone."""
    content = encoded(picture(), kind) + HTML + b"PK\x03\x04"

    image = await processor.encode(content)

    assert b"script" not in image.content
    assert b"PK\x03\x04" not in image.content


async def test_largest_accepted_image_fits_into_the_memory(processor: ChildImageProcessor) -> None:
    flat = Image.new("L", (6_000, 5_000), 128)

    image = await processor.encode(encoded(flat, "PNG", compress_level=1))

    assert (image.width, image.height) == (6_000, 5_000)


async def test_image_is_resized_to_each_width(processor: ChildImageProcessor) -> None:
    original = await processor.encode(encoded(picture((800, 600)), "PNG"))

    sizes = await processor.resize(original.content, [640, 320])

    assert {width: (each.width, each.height) for width, each in sizes.items()} == {
        640: (640, 480),
        320: (320, 240),
    }
    assert _is_reddish(opened(sizes[320].content), (10, 10))


async def test_process_that_takes_too_long_is_killed() -> None:
    processor = ChildImageProcessor(max_seconds=0.001)

    assert await _rejection(processor, encoded(picture(), "PNG")) == "too-large"


async def test_no_more_than_two_images_are_decoded_at_once(
    processor: ChildImageProcessor, monkeypatch: pytest.MonkeyPatch
) -> None:
    running: set[object] = set()
    most = 0
    start = asyncio.create_subprocess_exec

    async def counting(*arguments: str, **options: object) -> asyncio.subprocess.Process:
        nonlocal most
        place = object()
        running.add(place)
        most = max(most, len(running))
        process = await start(*arguments, **options)  # type: ignore[arg-type]
        wait = process.wait

        async def wait_and_leave() -> int:
            code = await wait()
            running.discard(place)
            return code

        process.wait = wait_and_leave  # type: ignore[method-assign]
        return process

    monkeypatch.setattr(asyncio, "create_subprocess_exec", counting)
    content = encoded(picture(), "PNG")

    await asyncio.gather(*(processor.encode(content) for _ in range(5)))

    assert (running, most) == (set(), 2)


@pytest.mark.parametrize(
    "program",
    [
        "import os; os.kill(os.getpid(), 11)",
        "print('no JSON')",
        "print('{\"images\": [[1, 1, 4]]}'); print('page', end='')",
        "print('{\"images\": [[1, 99999, 0]]}')",
        "print('{\"images\": []}')",
        'print(\'{"rejected": "<script>"}\')',
    ],
)
async def test_child_that_an_image_has_taken_over_is_not_believed(
    processor: ChildImageProcessor, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    start = asyncio.create_subprocess_exec

    async def taken_over(executable: str, *_: str, **options: object) -> asyncio.subprocess.Process:
        return await start(executable, "-I", "-c", program, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(asyncio, "create_subprocess_exec", taken_over)

    assert await _rejection(processor, encoded(picture(), "PNG")) == "not-an-image"


async def test_child_that_cannot_begin_is_no_fault_of_the_image(
    processor: ChildImageProcessor, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = asyncio.create_subprocess_exec

    async def broken(executable: str, *_: str, **options: object) -> asyncio.subprocess.Process:
        return await start(executable, "-I", "-m", "no_such_module", **options)  # type: ignore[arg-type]

    monkeypatch.setattr(asyncio, "create_subprocess_exec", broken)

    with pytest.raises(RuntimeError, match="ends with code 1"):
        await processor.encode(encoded(picture(), "PNG"))


async def test_child_that_writes_without_end_is_killed(
    processor: ChildImageProcessor, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = asyncio.create_subprocess_exec
    program = "import sys\nwhile True: sys.stdout.buffer.write(b'x' * 65536)"

    async def endless(executable: str, *_: str, **options: object) -> asyncio.subprocess.Process:
        return await start(executable, "-I", "-c", program, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(asyncio, "create_subprocess_exec", endless)
    monkeypatch.setattr("shop.adapters.images.image_processor.MAX_OUTPUT_BYTES", 1_000_000)

    assert await _rejection(processor, encoded(picture(), "PNG")) == "too-large"
