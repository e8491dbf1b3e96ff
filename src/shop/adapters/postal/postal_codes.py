"""Writes postal codes as their country does."""

import re
from collections.abc import Iterator

from shop.adapters.postal.countries import Country
from shop.domain.pricing.postal_patterns import ANY_REST

_SEPARATORS = " -."
_COUNTRY_BEFORE_DIGITS = re.compile(r"^[A-Z]{1,3}[ -](?=[0-9])")
"""As in "D-10115" and "SE-114 55"."""


def normalise_postal_code(text: str, country: Country) -> str | None:
    """Return a postal code with the separators of its country; None if it has another form."""
    code = " ".join(text.upper().split())
    if country.postal_code is None:
        return code
    written = (each for start in _without_prefix(code, country) for each in _forms(start, country))
    return next((each for each in written if country.postal_code.fullmatch(each)), None)


def can_match(pattern: str, country: Country) -> bool:
    """Check that a postal code can match a pattern: a postal code, or a beginning and "*"."""
    if country.postal_code is None:
        return True
    beginning = _compact(pattern.removesuffix(ANY_REST).upper())
    if not pattern.endswith(ANY_REST):
        return _is_postal_code(beginning, country)
    examples = map(_compact, country.postal_code_examples)
    ends = (example[start:] for example in examples for start in range(len(example) + 1))
    return any(_is_postal_code(beginning + end, country) for end in ends)


def _is_postal_code(compact: str, country: Country) -> bool:
    pattern = country.postal_code
    return pattern is None or any(map(pattern.fullmatch, _forms(compact, country)))


def _without_prefix(code: str, country: Country) -> Iterator[str]:
    """Yield the code, and then without and with the country that some write before it."""
    yield code
    yield _COUNTRY_BEFORE_DIGITS.sub("", code)
    yield f"{country.code}-{code}"


def _forms(code: str, country: Country) -> Iterator[str]:
    """Yield the code with separators at the places of each example, and then as it is."""
    characters = _compact(code)
    for example in country.postal_code_examples:
        if len(_compact(example)) == len(characters):
            rest = iter(characters)
            yield "".join(each if each in _SEPARATORS else next(rest) for each in example)
    yield code


def _compact(code: str) -> str:
    return "".join(each for each in code if each not in _SEPARATORS)
