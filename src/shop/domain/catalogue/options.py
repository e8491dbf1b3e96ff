"""Options: in what the variants of a product differ."""

from collections.abc import Sequence

from shop.domain.catalogue.variant import Variant
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.text import require_text
from shop.domain.shared.value import value

MAX_OPTIONS = 3
MAX_OPTION_VALUES = 100
MAX_OPTION_CHARACTERS = 100
"""Of a name, and of a value."""


@value
class ProductOption:
    """In what variants differ, such as the size, with all values that it can have."""

    name: str
    values: tuple[str, ...]


def require_new_options(options: Sequence[ProductOption]) -> None:
    """Check the options of a product; raise `InvalidValue`."""
    if len(options) > MAX_OPTIONS:
        raise InvalidValue(field="options", rule=f"must be at most {MAX_OPTIONS}")
    for position, option in enumerate(options):
        field = f"options/{position}"
        _require_text(option.name, f"{field}/name")
        _require_different([each.name for each in options[: position + 1]], f"{field}/name")
        if not 1 <= len(option.values) <= MAX_OPTION_VALUES:
            rule = f"must be 1 to {MAX_OPTION_VALUES} values"
            raise InvalidValue(field=f"{field}/values", rule=rule)
        for each in option.values:
            _require_text(each, f"{field}/values")
        _require_different(option.values, f"{field}/values")


def require_matching_options(options: Sequence[ProductOption], variants: Sequence[Variant]) -> None:
    """Check that each variant has one value of each option, and differs from all others."""
    names = [each.name for each in options]
    values = {each.name: frozenset(each.values) for each in options}
    seen: set[object] = set()
    for position, variant in enumerate(variants):
        field = f"variants/{position}/options"
        if [each.name for each in variant.options] != names:
            expected = ", ".join(names) or "none"
            raise InvalidValue(field=field, rule=f"must be those of the product: {expected}")
        for each in variant.options:
            if each.value not in values[each.name]:
                rule = "must be a value of the product's option"
                raise InvalidValue(field=f"{field}/{each.name}", rule=rule)
        if variant.options in seen:
            raise InvalidValue(field=field, rule="must differ from those of the other variants")
        seen.add(variant.options)


def _require_text(text: str, field: str) -> None:
    if not 1 <= len(text) <= MAX_OPTION_CHARACTERS:
        raise InvalidValue(field=field, rule=f"must be 1 to {MAX_OPTION_CHARACTERS} characters")
    if text != text.strip():
        raise InvalidValue(field=field, rule="must not begin or end with a space")
    require_text(text, field, is_about_goods=True)


def _require_different(texts: Sequence[str], field: str) -> None:
    if len({each.casefold() for each in texts}) < len(texts):
        raise InvalidValue(field=field, rule="must differ, whatever the case is")
