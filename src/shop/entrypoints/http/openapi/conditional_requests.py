"""Describes conditional requests: entity tags, and the headers that carry them."""

from typing import Any

from shop.entrypoints.http.requests.entity_tags import IF_MATCH, IF_NONE_MATCH, PATTERN

Document = dict[str, Any]

_TAG = "7d0c0b2f3a1e4d5c8b9a6f7e5d4c3b2a-120"


def _etag(description: str) -> Document:
    header = {"description": description, "required": True, "schema": {"type": "string"}}
    return {"headers": {"ETag": header}}


HAS_ETAG = _etag(
    "The version of the product and its available stock: a strong entity tag. For `If-Match`, only "
    "the version has to match."
)
"""The header of a response with one product."""

RULE_HAS_ETAG = _etag(
    "The version of the rule and its uses: a strong entity tag. For `If-Match`, only the version "
    "has to match."
)
"""The header of a response with one rule."""

LIST_HAS_ETAG = _etag("What the page shows: a strong entity tag.")

_CURRENT = {"description": "`If-None-Match` has the current tag."}

NOT_MODIFIED: dict[int | str, Document] = {304: {**_CURRENT, **HAS_ETAG}}
RULE_NOT_MODIFIED: dict[int | str, Document] = {304: {**_CURRENT, **RULE_HAS_ETAG}}
LIST_NOT_MODIFIED: dict[int | str, Document] = {304: {**_CURRENT, **LIST_HAS_ETAG}}


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
RULE_PRECONDITION_PARAMETERS = [
    _header(
        IF_MATCH,
        "Go on only if the rule has one of these tags, whatever its uses; `*`: if it exists.",
    ),
    _header(IF_NONE_MATCH, "`*`: go on only if there is no such rule."),
]
PRECONDITION_PARAMETERS = [
    _header(
        IF_MATCH,
        "Save only if the product has one of these tags, whatever its stock; `*`: if it exists.",
    ),
    _header(IF_NONE_MATCH, "`*`: save only if the product is new."),
]
