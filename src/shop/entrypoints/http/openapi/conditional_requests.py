"""Describes conditional requests: entity tags, and the headers that carry them."""

from typing import Any

from shop.entrypoints.http.requests.entity_tags import IF_MATCH, IF_NONE_MATCH, PATTERN

Document = dict[str, Any]

_TAG = "7d0c0b2f3a1e4d5c8b9a6f7e5d4c3b2a-120"

HAS_ETAG: Document = {
    "headers": {
        "ETag": {
            "description": "The version of the product and its available stock: a strong entity "
            "tag. For `If-Match`, only the version has to match.",
            "required": True,
            "schema": {"type": "string"},
        }
    }
}
"""The header of a response with one product."""

NOT_MODIFIED: dict[int | str, Document] = {
    304: {"description": "`If-None-Match` has the current tag.", **HAS_ETAG}
}


def _header(name: str, description: str) -> Document:
    return {
        "name": name,
        "in": "header",
        "required": False,
        "description": description,
        "schema": {"type": "string", "pattern": PATTERN},
        "example": f'"{_TAG}"',
    }


IF_NONE_MATCH_PARAMETER = _header(
    IF_NONE_MATCH, "The tags that the client has: 304 if one of them is current."
)
PRECONDITION_PARAMETERS = [
    _header(
        IF_MATCH,
        "Save only if the product has one of these tags, whatever its stock; `*`: if it exists.",
    ),
    _header(IF_NONE_MATCH, "`*`: save only if the product is new."),
]
