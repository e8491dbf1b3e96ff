"""The route that serves the files of images."""

from typing import Annotated

from fastapi import Path, Response

from shop.domain.catalogue.image_files import MEDIA_PATH, is_image_file
from shop.entrypoints.http.api.router import api_router
from shop.entrypoints.http.dependencies import ImageStoreDependency
from shop.entrypoints.http.errors.http_errors import RouteNotFound, ServiceUnavailable
from shop.entrypoints.http.openapi.document import error_responses
from shop.entrypoints.http.requests.entity_tags import IfNoneMatch

WEBP = "image/webp"
_HEADERS = {
    # The name has the checksum of what it names, so another content has another name.
    "Cache-Control": "public, max-age=31536000, immutable",
    # Images are for everyone: also for a storefront on another site, and in caches.
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Vary": "Accept-Encoding",
}

router = api_router("catalogue", prefix=MEDIA_PATH)

Folder = Annotated[str, Path(max_length=80, examples=["9f"])]
FileName = Annotated[
    str,
    Path(
        max_length=80,
        examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08-1600.webp"],
    ),
]


@router.get(
    "/{folder}/{name}",
    response_class=Response,
    responses={
        200: {
            "description": "The image.",
            "content": {WEBP: {"schema": {"type": "string", "format": "binary"}}},
        },
        304: {"description": "`If-None-Match` has the image's tag."},
        **error_responses(RouteNotFound, ServiceUnavailable),
    },
)
async def show_media(
    folder: Folder, name: FileName, if_none_match: IfNoneMatch, store: ImageStoreDependency
) -> Response:
    """Return the file of an image."""
    file = f"{folder}/{name}"
    if not is_image_file(file):
        raise RouteNotFound
    headers = {"ETag": f'"{name}"', **_HEADERS}
    if if_none_match is not None and if_none_match.include(name):
        # The name has the checksum, so the client's copy is right, and the file is not read.
        return Response(status_code=304, headers=headers)
    content = await store.read(file)
    if content is None:
        raise RouteNotFound
    return Response(content, media_type=WEBP, headers=headers)
