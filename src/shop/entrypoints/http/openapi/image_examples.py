"""Examples of the images of products."""

from collections.abc import Mapping
from typing import Any

Json = Mapping[str, Any]

_ALT = "A tin of Earl Grey"
_FILE = "9f/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_IMAGE: Json = {
    "id": "01932b7e-8f3c-7a18-8f5d-8e9f0a1b2c34",
    "url": f"/media/{_FILE}-1600.webp",
    "alt": _ALT,
    "width": 1600,
    "height": 1200,
    "position": 0,
    "sizes": [],
}

IMAGE_REQUESTS: Mapping[str, Json] = {
    "add_image": {"file": "(the bytes of the file)", "alt": _ALT},
    "change_image": {"alt": _ALT, "position": 0},
}
IMAGE_RESPONSES: Mapping[tuple[str, int], Json] = {
    ("add_image", 201): _IMAGE,
    ("change_image", 200): {
        **_IMAGE,
        "sizes": [
            {"url": f"/media/{_FILE}-{width}.webp", "width": width} for width in (320, 640, 1280)
        ],
    },
}
