"""Reads and writes the entity tags of products and rules (RFC 9110, section 8.8.3).

The tag of a product is `"<version>-<rest>"`. It is strong: it changes with every byte of the
response, so a client never keeps an old `available` of any variant. Only the version, which is what
a PUT replaces, has to match for a change: stock that moves in the meantime, or an image that is
added, must not reject it. A rule has a tag of the same form, with the number of its uses at its
end.
"""

import hashlib
import json
import re
from typing import Annotated

from fastapi import Depends, Request

from shop.application.catalogue.preconditions import ANY, Precondition, product_version
from shop.application.ports.repositories.products import AvailableProduct
from shop.application.pricing.rule_documents import ShownRule, rule_version
from shop.domain.shared.value import value
from shop.entrypoints.http.errors.http_errors import InvalidRequest

IF_MATCH = "If-Match"
IF_NONE_MATCH = "If-None-Match"

_TAG = r'(?:W/)?"[!#-~\u0080-\u00ff]*"'
PATTERN = rf"^(?:\*|[ \t,]*{_TAG}(?:[ \t]*,[ \t,]*{_TAG})*[ \t,]*)$"
"""`*`, or a list of tags, which may have empty elements (RFC 9110, section 5.6.1.2)."""

_TAGS = re.compile(PATTERN.removesuffix("$"))
_EACH_TAG = re.compile(r'(W/)?"([^"]*)"')
_REST_CHARACTERS = 16


@value
class EntityTags:
    """The tags of one header, without quotes; `*` stands for all."""

    strong: frozenset[str]
    weak: frozenset[str]

    @property
    def all(self) -> frozenset[str]:
        """The tags as the weak comparison takes them."""
        return self.strong | self.weak

    def include(self, tag: str) -> bool:
        """Check whether a client that sends these as `If-None-Match` has this version."""
        return not self.all.isdisjoint({ANY, tag})


def product_tag(shown: AvailableProduct) -> str:
    """Return the entity tag of a product as it is shown."""
    return f'"{_tag(shown)}"'


def rule_tag(shown: ShownRule) -> str:
    """Return the entity tag of a rule as it is shown."""
    return f'"{_rule_tag(shown)}"'


def is_rule_unchanged(if_none_match: EntityTags | None, shown: ShownRule) -> bool:
    """Check whether a client has this rule, with its uses, already."""
    return if_none_match is not None and if_none_match.include(_rule_tag(shown))


def is_unchanged(if_none_match: EntityTags | None, shown: AvailableProduct) -> bool:
    """Check whether a client has this product, with its stock, already."""
    return if_none_match is not None and if_none_match.include(_tag(shown))


def if_none_match(request: Request) -> EntityTags | None:
    """Return the tags that the client has; raise `InvalidRequest` if they are malformed."""
    return _entity_tags(request, IF_NONE_MATCH)


def _precondition(request: Request) -> Precondition:
    # RFC 9110, section 13.1: If-Match compares strongly, If-None-Match weakly.
    if_match = _entity_tags(request, IF_MATCH)
    none_match = if_none_match(request)
    return Precondition(
        if_match=None if if_match is None else _versions(if_match.strong),
        if_none_match=None if none_match is None else _versions(none_match.all),
    )


IfNoneMatch = Annotated[EntityTags | None, Depends(if_none_match)]
ProductPrecondition = Annotated[Precondition, Depends(_precondition)]
RulePrecondition = ProductPrecondition


def _tag(shown: AvailableProduct) -> str:
    return f"{product_version(shown.product, shown.categories)}-{_rest_tag(shown)}"


def _rest_tag(shown: AvailableProduct) -> str:
    """Return a name for what is available of each variant, and for the images.

    The version names the SKUs.
    """
    numbers = " ".join(str(shown.stock[each.sku]) for each in shown.product.current_variants)
    images = [(str(each.id), each.file, each.alt, each.height, each.sizes) for each in shown.images]
    rest = json.dumps([numbers, images]) if images else numbers
    return hashlib.sha256(rest.encode()).hexdigest()[:_REST_CHARACTERS]


def _rule_tag(shown: ShownRule) -> str:
    return f"{rule_version(shown.document)}-{shown.used}"


def _versions(tags: frozenset[str]) -> frozenset[str]:
    return frozenset(map(_version, tags))


def _version(tag: str) -> str:
    return tag.partition("-")[0]


def _entity_tags(request: Request, header: str) -> EntityTags | None:
    """Return the tags of a header; raise `InvalidRequest` if it is malformed."""
    values = request.headers.getlist(header)
    if not values:
        return None
    text = ",".join(values).strip(" \t")
    if not _TAGS.fullmatch(text):
        detail = f'{header} must be * or a list of entity tags in quotes, such as "2f5a-40".'
        raise InvalidRequest.at(f"/header/{header}", detail)
    if text == ANY:
        return EntityTags(strong=frozenset({ANY}), weak=frozenset())
    # In quotes, an asterisk is a tag like any other, and no version has it.
    tags = [(weak, tag) for weak, tag in _EACH_TAG.findall(text) if _version(tag) != ANY]
    return EntityTags(
        strong=frozenset(tag for weak, tag in tags if not weak),
        weak=frozenset(tag for weak, tag in tags if weak),
    )
