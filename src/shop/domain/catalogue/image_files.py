"""The names of the files of images: by the checksum of what they contain."""

import re

MEDIA_PATH = "/media"
"""Where the files are served; a URL of another place never begins with it."""

SMALLER_WIDTHS = (320, 640, 1280)
"""The sizes in which an image is served beside its own."""

_FILE = re.compile(r"[0-9a-f]{2}/[0-9a-f]{64}-[1-9][0-9]{0,4}\.webp")


def image_file(key: str, width: int) -> str:
    """Return the name of a file, in a folder that has one file in 256."""
    return f"{key[:2]}/{key}-{width}.webp"


def image_path(file: str) -> str:
    """Return where a file is served."""
    return f"{MEDIA_PATH}/{file}"


def is_image_path(url: str | None) -> bool:
    """Check whether a URL is that of an image of the shop."""
    return url is not None and url.startswith(f"{MEDIA_PATH}/")


def is_image_file(name: str) -> bool:
    """Check whether a text is the name of an image's file."""
    return _FILE.fullmatch(name) is not None
