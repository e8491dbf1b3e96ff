"""One sentence for each fault that pydantic finds, and for each pattern of a text."""

from collections.abc import Mapping
from typing import Any

from shop.domain.catalogue.category import CATEGORY_SLUG_PATTERN
from shop.domain.catalogue.image_files import MEDIA_PATH
from shop.domain.pricing.percentages import PERCENTAGE_PATTERN
from shop.domain.pricing.places import COUNTRY_PATTERN, POSTAL_CODE_PATTERN
from shop.domain.pricing.promotions.promotion_code import CODE_PATTERN
from shop.domain.shared.line_quantity import SKU_PATTERN
from shop.domain.shared.tax_category import TAX_CATEGORY_PATTERN

SINGLE_LINE_PATTERN = r"^[^\x00-\x1f\x7f-\x9f]*$"
"""Text on one line, without control characters."""

MULTILINE_TEXT_PATTERN = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$"
"""Text without control characters except tabs and line ends."""

CURRENCY_PATTERN = r"^[A-Z]{3}$"
TOKEN_PATTERN = r"^[A-Za-z0-9_-]+$"  # noqa: S105  A pattern, not a token.
SLUG_PATTERN = r"^[a-z-]+$"
BARCODE_PATTERN = r"^[0-9]*$"

SHOWN_IMAGE_PATTERN = rf"^(https?:/|{MEDIA_PATH})/[!-~]+$"
"""A URL outside the shop, or the path of an image of the shop."""

PATTERN_MISMATCH = "string_pattern_mismatch"
"""The type of pydantic's error for a text that does not match its pattern."""

RULE_TIME_PATTERN = r"^\d{4}-\d{2}-\d{2}([Tt]\d{2}:\d{2}:\d{2}(\.\d{1,6})?([Zz]|[+-]\d{2}:\d{2}))?$"
"""A time with its offset, or a date."""

RULE_TIME = "must be a time with its offset, such as 2026-11-28T09:30:00Z, or a date"

PATTERN_RULES: Mapping[str, str] = {
    SINGLE_LINE_PATTERN: "must be one line without control characters",
    MULTILINE_TEXT_PATTERN: "must not contain control characters except tabs and line ends",
    COUNTRY_PATTERN: "must be an ISO 3166-1 country code of two capital letters",
    CURRENCY_PATTERN: "must be an ISO 4217 currency code of three capital letters",
    TOKEN_PATTERN: "must be letters, digits, '-' or '_'",
    SLUG_PATTERN: "must be lower-case letters or '-'",
    SKU_PATTERN: "must be letters, digits, '.', '-' or '_', with a letter or digit at each end",
    CATEGORY_SLUG_PATTERN: "must be lower-case letters of ASCII, digits, '-' or '_', with a letter "
    "or digit at each end",
    CODE_PATTERN: "must be 3 to 40 letters A to Z, digits, '-' or '_'",
    RULE_TIME_PATTERN: RULE_TIME,
    POSTAL_CODE_PATTERN: 'must be a postal code, or the beginning of some such as "10*"',
    PERCENTAGE_PATTERN: 'must be per cent in quotation marks, such as "19" or "7.125"',
    SHOWN_IMAGE_PATTERN: "must be an http or https URL",
    # Also that of the slugs of rules.
    TAX_CATEGORY_PATTERN: "must be lower-case letters and digits, with hyphens between them",
    BARCODE_PATTERN: "must be digits",
}
"""The rule that people read instead of a pattern."""

_TIME = "must be a time with its offset, such as 2026-11-28T09:30:00Z"
_MESSAGES: Mapping[str, str] = {
    "missing": "is required",
    "extra_forbidden": "is unknown; correct its name or remove it",
    "json_invalid": "must be valid JSON: {error}",
    "model_type": "must be a JSON object",
    "model_attributes_type": "must be a JSON object",
    "dict_type": "must be a JSON object",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "frozen_set_type": "must be a list",
    "too_short": "must have at least {min_length} item{s}",
    "too_long": "must have at most {max_length} item{s}",
    "string_type": "must be text",
    "string_unicode": "must be text in UTF-8",
    "string_too_short": "must have at least {min_length} character{s}",
    "string_too_long": "must have at most {max_length} character{s}",
    PATTERN_MISMATCH: "{rule}",
    "int_type": "must be a whole number without quotation marks",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a whole number with fewer digits",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "bool_type": "must be true or false without quotation marks",
    "bool_parsing": "must be true or false",
    "enum": "must be {expected}",
    "literal_error": "must be {expected}",
    "path_type": "must be a path",
    "union_tag_invalid": "must have a {discriminator} of {expected_tags}",
    "union_tag_not_found": "must have a {discriminator}",
    "uuid_type": "must be a UUID",
    "uuid_parsing": "must be a UUID",
    "datetime_type": _TIME,
    "datetime_parsing": _TIME,
    "datetime_from_date_parsing": _TIME,
    "datetime_object_invalid": _TIME,
    "timezone_aware": _TIME,
}
"""The sentence for each type of error, with pydantic's facts in braces."""


def validation_message(error: Mapping[str, Any]) -> str:
    """Return the rule that a value breaks, which completes "<field> …".

    The error is one of pydantic's `errors()`. The message never contains the value.
    """
    kind, facts = error["type"], error.get("ctx", {})
    if kind == "value_error":
        # A validator of ours raised it, and has said what is wrong.
        return str(error["msg"]).removeprefix("Value error, ")
    words = {name: _readable(fact) for name, fact in facts.items()}
    words["s"] = "" if facts.get("min_length", facts.get("max_length")) == 1 else "s"
    words["rule"] = PATTERN_RULES.get(facts.get("pattern", ""), "has a form that is not allowed")
    return _MESSAGES.get(kind, "has a value that is not allowed").format_map(words)


def _readable(fact: object) -> object:
    """Return 60 for 60.0, and other facts unchanged."""
    return int(fact) if isinstance(fact, float) and fact.is_integer() else fact
