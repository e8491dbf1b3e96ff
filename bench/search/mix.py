"""The questions that are timed: a few words, with and without filters, the first page and a later.

Each kind asks for many different words, so that no answer is that of the request before.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from bench.search.catalogue import Words, category_at_top

RARE, COMMON = range(2000, 2050), range(2, 22)
PATH = "/api/v1/products"


@dataclass(frozen=True, slots=True)
class Kind:
    """Questions that are alike."""

    name: str
    paths: Sequence[str]
    is_later_page: bool


def kinds() -> Iterator[Kind]:
    """Yield the mix."""
    filters = {
        "": {},
        "category": {"category": category_at_top()},
        "in stock": {"in_stock": "true"},
        "both": {"category": category_at_top(), "in_stock": "true"},
    }
    for words, texts in _texts().items():
        for shown, parameters in filters.items():
            paths = [f"{PATH}?{urlencode({'q': text, **parameters})}" for text in texts]
            for later in (False, True):
                page = "page 10" if later else "page 1"
                name = ", ".join(part for part in (words, shown, page) if part)
                yield Kind(name=name, paths=paths, is_later_page=later)


def _texts() -> dict[str, list[str]]:
    words = Words.made().words
    return {
        "rare word": [f"{words[rank]} " for rank in RARE],
        "common word": [f"{words[rank]} " for rank in COMMON],
        "two words": [f"{words[rank]} {words[2 * rank]} " for rank in COMMON]
        + [f"{words[rank]} {words[20 * rank]} " for rank in COMMON],
        "prefix of three": sorted({words[rank][:3] for rank in range(50, 250)}),
    }
