"""What a search finds, the same on every database.

A product is stored as a set of tokens, and a query asks which tokens a product must have. So a
database only compares sets: it neither cuts nor folds nor ranks.

A word of a product is a token as it is; and once more behind a sign of the field that has it, so
that a query can ask for a word of the name. Marks are tokens for filters. Signs are characters for
private use, which no word has; no token has a space or another separator of ASCII.

The name of a category is no token, so that a new name changes no product. A query for the name
asks for the mark of the category instead. A product has the marks of the categories that it is
directly in, so that a category that moves changes no product either: a query asks for the marks of
all categories below one.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import islice
from typing import Self

from shop.domain.catalogue.category import CategoryTree
from shop.domain.catalogue.category_names import CategoryNames, names_of
from shop.domain.catalogue.product import Product
from shop.domain.catalogue.search_words import (
    caseless,
    exact_words,
    folded_words,
    is_unspaced,
    pairs,
    stored_words,
)
from shop.domain.shared.value import value

MAX_QUERY_WORDS = 8
"""Further words of a query are ignored."""

TIERS = 5
"""How many ranks there are."""

MAX_QUERY_CHARACTERS = 32
"""Further characters of a query's word are ignored, if its script has no spaces."""

MAX_NAMED = 100
"""Further categories whose names have a query's word are ignored, and those below them."""

MAX_TOKEN_BYTES = 1000
"""Of a token in UTF-8; PostgreSQL takes at most 2,046."""

_EXACT_NAME, _NAME, _SKU, _ANYWHERE = "\ue000", "\ue001", "\ue002", ""
"""The signs of the fields."""

_IN_CATEGORY, _WITH_OPTION, _IN_STATE = "\ue010", "\ue011", "\ue012"
_EQUALS = "\ue01f"
_SKU_SEPARATORS = str.maketrans("", "", "._-")
_ESCAPED = 0xE100
"""Where the characters of ASCII are that separate tokens."""


class SaleState(StrEnum):
    """Whether customers see a product."""

    ON_SALE = "on"
    OFF_SALE = "off"
    ARCHIVED = "archived"


@value
class SearchTerm:
    """A token, or the beginning of tokens."""

    token: str
    is_prefix: bool = False

    def is_in(self, tokens: Collection[str]) -> bool:
        """Check for the token, or for one that begins with it."""
        if not self.is_prefix:
            return self.token in tokens
        return any(each.startswith(self.token) for each in tokens)


AnyTerm = tuple[SearchTerm, ...]
"""Terms of which a product must have at least one."""

Condition = tuple[AnyTerm, ...]
"""What a product must have, all of it."""


def meets(condition: Condition, tokens: Collection[str]) -> bool:
    """Check whether a product with the tokens meets the condition."""
    return all(any(term.is_in(tokens) for term in any_term) for any_term in condition)


@value
class SearchQuery:
    """The words of a query, as conditions; a product has the rank of the first one it meets.

    What meets a condition meets all that follow it.
    """

    tiers: tuple[Condition, ...]

    @classmethod
    def of(cls, text: str, categories: CategoryTree) -> "SearchQuery | None":
        """Read a query; return None if it has no word.

        Each word must occur, in any order. The last one may be the beginning of a word, unless a
        space follows it.
        """
        is_complete = text[-1:].isspace()
        exact = list(_query_terms(exact_words(text), is_complete=is_complete))
        folded = list(_query_terms(folded_words(text), is_complete=is_complete))
        if not folded:
            return None
        names = names_of(categories, _words_of)
        named = [_named(term, names, categories) for term in folded]
        in_name = tuple(_in_fields(term, _NAME) for term in folded)
        return cls(
            tiers=(
                # Pairs of letters with accents do not imply those of letters without them.
                tuple(_in_fields(term, _EXACT_NAME) for term in exact) + in_name,
                in_name,
                tuple(_in_fields(term, _NAME, _SKU) for term in folded),
                tuple(
                    _in_fields(term, _NAME, _SKU) + marks
                    for term, marks in zip(folded, named, strict=True)
                ),
                tuple(
                    _in_fields(term, _ANYWHERE) + marks
                    for term, marks in zip(folded, named, strict=True)
                ),
            )
        )

    def rank(self, tokens: Collection[str]) -> int | None:
        """Return the number of the best tier of a product, from 0; None if it is not found."""
        return next(
            (rank for rank, condition in enumerate(self.tiers) if meets(condition, tokens)), None
        )


@value
class SearchedProduct:
    """What is searched of a product."""

    name: str
    skus: tuple[str, ...]
    """The handle, and the SKUs of the variants."""

    description: str
    state: SaleState
    categories: tuple[str, ...] = ()
    """The slugs of the categories that it is directly in."""

    options: tuple[tuple[str, str], ...] = ()
    """The names and values of options, of all variants that are for sale."""

    @classmethod
    def of(cls, product: Product, categories: tuple[str, ...]) -> Self:
        """Return what is searched of a product that is directly in these categories."""
        current = product.current_variants
        return cls(
            name=product.name,
            skus=(product.handle, *(each.sku for each in current if each.sku != product.handle)),
            description=product.description,
            state=_state_of(product),
            categories=categories,
            options=tuple(
                (chosen.name, chosen.value)
                for each in current
                if each.is_sold
                for chosen in each.options
            ),
        )


def search_tokens(product: SearchedProduct) -> tuple[str, ...]:
    """Return the tokens of a product, each once, in a stable order."""
    return tuple(dict.fromkeys(_all_tokens(product)))


def category_mark(slug: str, categories: CategoryTree) -> Condition:
    """Return the condition of a filter by a category: it, or one below it."""
    return (tuple(_category_terms(sorted(categories.below(slug)))),)


def option_mark(name: str, option_value: str) -> Condition:
    """Return the condition of a filter by the value of an option, whatever its case is."""
    return ((SearchTerm(token=_option_token(name, option_value)),),)


def state_mark(state: SaleState) -> Condition:
    """Return the condition of a filter by the state of sale."""
    return (_in_states(state),)


def other_states_than(state: SaleState) -> AnyTerm:
    """Return the marks of the other states, to exclude them."""
    return _in_states(*(each for each in SaleState if each is not state))


def _state_of(product: Product) -> SaleState:
    if product.archived_at is not None:
        return SaleState.ARCHIVED
    return SaleState.ON_SALE if product.active else SaleState.OFF_SALE


def _all_tokens(product: SearchedProduct) -> Sequence[str]:
    tokens = [_EXACT_NAME + word for word in stored_words(exact_words(product.name))]
    tokens += _tokens_in(_NAME, product.name)
    for sku in product.skus:
        tokens += _tokens_in(_SKU, sku)
        tokens += _tokens_in(_SKU, _joined(sku))
    tokens += stored_words(folded_words(product.description))
    tokens += [_category_token(slug) for slug in product.categories]
    tokens += [_option_token(name, option_value) for name, option_value in product.options]
    tokens.append(_IN_STATE + product.state)
    return tokens


def _tokens_in(sign: str, text: str) -> Sequence[str]:
    words = stored_words(folded_words(text))
    return [token for word in words for token in (sign + word, word)]


def _joined(sku: str) -> str:
    """Return a SKU without separators, so that it is also one word."""
    return sku.translate(_SKU_SEPARATORS)


def _query_terms(words: Sequence[str], *, is_complete: bool) -> Iterator[SearchTerm]:
    wanted = words[:MAX_QUERY_WORDS]
    for position, word in enumerate(wanted, start=1):
        if not is_unspaced(word):
            is_prefix = position == len(wanted) and not is_complete
            yield SearchTerm(token=word, is_prefix=is_prefix)
        elif len(word) == 1:
            yield SearchTerm(token=word, is_prefix=True)
        else:
            for pair in pairs(word[:MAX_QUERY_CHARACTERS]):
                yield SearchTerm(token=pair)


def _in_fields(term: SearchTerm, *signs: str) -> AnyTerm:
    return tuple(SearchTerm(token=sign + term.token, is_prefix=term.is_prefix) for sign in signs)


def _named(term: SearchTerm, names: CategoryNames, categories: CategoryTree) -> AnyTerm:
    """Return the marks of the categories that have the term in their names, and of all below."""
    named = dict.fromkeys(names.with_word(term.token, is_prefix=term.is_prefix))
    if not named:
        return ()
    found = sorted(categories.below(*islice(named, MAX_NAMED)))
    return tuple(_category_terms(found[:MAX_NAMED]))


def _words_of(name: str) -> Sequence[str]:
    return stored_words(folded_words(name))


def _category_terms(slugs: Iterable[str]) -> Iterator[SearchTerm]:
    return (SearchTerm(token=_category_token(slug)) for slug in slugs)


def _in_states(*states: SaleState) -> AnyTerm:
    return tuple(SearchTerm(token=_IN_STATE + state) for state in states)


def _category_token(slug: str) -> str:
    return _IN_CATEGORY + _escape(slug)


def _option_token(name: str, option_value: str) -> str:
    token = _WITH_OPTION + _escape(caseless(name)) + _EQUALS + _escape(caseless(option_value))
    encoded = token.encode()
    if len(encoded) <= MAX_TOKEN_BYTES:
        return token
    # Some characters become eighteen without case. A digest has no sign for "equals".
    return _WITH_OPTION + hashlib.sha256(encoded).hexdigest()


def _escape(text: str) -> str:
    """Return the text as a part of a token; different texts stay different."""
    return "".join(
        chr(_ESCAPED + ord(each)) if each.isascii() and not each.isalnum() else each
        for each in " ".join(text.split())
    )
