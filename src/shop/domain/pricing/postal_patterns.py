"""Patterns of postal codes: complete ones, and beginnings of others such as "10*"."""

from collections.abc import Iterable
from typing import Self

from shop.domain.shared.value import value

ANY_REST = "*"


@value
class PostalPatterns:
    """Patterns as they are compared, so that a postal code is looked up among any number."""

    codes: frozenset[str]
    beginnings: frozenset[str]
    lengths: tuple[int, ...]

    @classmethod
    def of(cls, patterns: Iterable[str]) -> Self:
        """Separate complete postal codes from beginnings."""
        codes: set[str] = set()
        beginnings: set[str] = set()
        for pattern in patterns:
            texts = beginnings if pattern.endswith(ANY_REST) else codes
            texts.add(compact_postal_code(pattern.removesuffix(ANY_REST)))
        return cls(
            codes=frozenset(codes),
            beginnings=frozenset(beginnings),
            lengths=tuple(sorted(set(map(len, beginnings)))),
        )

    def match(self, code: str) -> bool:
        """Check whether a compact postal code matches a pattern."""
        if code in self.codes:
            return True
        beginnings = self.beginnings
        return any(code[:length] in beginnings for length in self.lengths)

    def overlap(self, other: "PostalPatterns") -> bool:
        """Check for a postal code that matches both."""
        return (
            not self.codes.isdisjoint(other.codes)
            or _any_begins_with(self, other)
            or _any_begins_with(other, self)
        )


def _any_begins_with(some: PostalPatterns, others: PostalPatterns) -> bool:
    """Check whether any of the other patterns has a beginning of the first ones."""
    return any(
        text[:length] in some.beginnings
        for texts in (others.codes, others.beginnings)
        for text in texts
        for length in some.lengths
    )


def compact_postal_code(text: str) -> str:
    """Return a postal code as it is compared: capitals, without spaces and hyphens."""
    return text.replace(" ", "").replace("-", "").upper()
