"""An invalid value is explained in the shop's own words, without patterns or the value."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import AwareDatetime, BaseModel, Field, TypeAdapter, ValidationError

from shop.adapters.simulated_gateway.http.schemas import Document
from shop.entrypoints.configuration.settings import Settings
from shop.entrypoints.container import Container
from shop.entrypoints.http.api.catalogue.product_fields import ImageUrl
from shop.entrypoints.http.app import create_app
from shop.entrypoints.http.requests import entity_tags, idempotency_key
from shop.entrypoints.http.schemas import (
    CardToken,
    CurrencyCode,
    MoneyInput,
    QueryParameters,
    RequestBody,
    Sku,
)
from shop.entrypoints.validation_messages import (
    _MESSAGES,
    MULTILINE_TEXT_PATTERN,
    PATTERN_RULES,
    SINGLE_LINE_PATTERN,
    validation_message,
)

ERRORS = {
    "bool": ("bool_type", "bool_parsing"),
    "datetime": (
        "datetime_type",
        "datetime_parsing",
        "datetime_from_date_parsing",
        "datetime_object_invalid",
        "timezone_aware",
    ),
    "dict": ("dict_type",),
    "enum": ("enum",),
    "float": ("float_type", "float_parsing", "greater_than", "less_than_equal"),
    "frozenset": ("frozen_set_type", "too_short"),
    "int": ("int_type", "int_parsing", "int_parsing_size", "int_from_float", "less_than_equal"),
    "list": ("list_type", "too_short", "too_long"),
    "literal": ("literal_error",),
    "model": ("model_type", "model_attributes_type"),
    "model-fields": ("missing", "extra_forbidden"),
    "str": (
        "string_type",
        "string_unicode",
        "string_too_short",
        "string_too_long",
        "string_pattern_mismatch",
    ),
    "tagged-union": ("union_tag_invalid", "union_tag_not_found"),
    "tuple": ("tuple_type",),
    "uuid": ("uuid_type", "uuid_parsing"),
}
"""The errors that a value of a schema can have."""

WITHOUT_ERRORS = {
    "any",
    "default",
    "definition-ref",
    "definitions",
    "function-after",
    "function-before",
    "function-plain",
    "function-wrap",
    "is-instance",
    "json-or-python",
    "lax-or-strict",
    "model-field",
    "nullable",
    "no-info",
    "union",
    "with-info",
}
"""Schemas around others; what their functions raise has the shop's own words already."""

Lines = Annotated[list[int], Field(min_length=1, max_length=2)]
Text = Annotated[str, Field(min_length=1, max_length=2)]


@pytest.mark.parametrize(
    ("schema", "value", "message"),
    [
        (Annotated[int, Field(ge=1)], 0, "must be at least 1"),
        (Annotated[float, Field(gt=0)], 0, "must be more than 0"),
        (Annotated[float, Field(le=60)], 61, "must be at most 60"),
        (Annotated[Decimal, Field(lt=60)], 61, "must be less than 60"),
        (int, "hunter2", "must be a whole number"),
        (int, "9" * 5000, "must be a whole number with fewer digits"),
        (Annotated[int, Field(strict=True)], "1", "must be a whole number without quotation marks"),
        (float, "hunter2", "must be a number"),
        (bool, "hunter2", "must be true or false"),
        (str, 1, "must be text"),
        (Text, "", "must have at least 1 character"),
        (Text, "hunter2", "must have at most 2 characters"),
        (Lines, [], "must have at least 1 item"),
        (Lines, [1, 2, 3], "must have at most 2 items"),
        (Lines, "hunter2", "must be a list"),
        (Literal["a", "b", "c"], "hunter2", "must be 'a', 'b' or 'c'"),
        (UUID, "hunter2", "must be a UUID"),
        (Path, 2, "must be a path"),
        (
            AwareDatetime,
            "2026-11-28",
            "must be a time with its offset, such as 2026-11-28T09:30:00Z",
        ),
        (MoneyInput, ["hunter2"], "must be a JSON object"),
        (MoneyInput, {"amount": 1}, "is required"),
        (
            MoneyInput,
            {"amount": 1, "currency": "EUR", "hunter2": 1},
            "is unknown; correct its name or remove it",
        ),
        (CurrencyCode, "eur", "must be an ISO 4217 currency code of three capital letters"),
        (CardToken, "hunter 2", "must be letters, digits, '-' or '_'"),
        (
            Sku,
            "hunter 2",
            "must be letters, digits, '.', '-' or '_', with a letter or digit at each end",
        ),
        (ImageUrl, "ftp://hunter2", "must be an http or https URL"),
        (
            Annotated[str, Field(pattern=SINGLE_LINE_PATTERN)],
            "hunter\n2",
            "must be one line without control characters",
        ),
        (
            Annotated[str, Field(pattern=MULTILINE_TEXT_PATTERN)],
            "hunter\x002",
            "must not contain control characters except tabs and line ends",
        ),
        (Annotated[str, Field(pattern="^[a-f]+$")], "hunter2", "has a form that is not allowed"),
        (complex, "hunter2", "has a value that is not allowed"),
    ],
)
def test_invalid_value_is_explained_in_plain_words(
    schema: Any,  # noqa: ANN401  A type, or one with annotations.
    value: object,
    message: str,
) -> None:
    with pytest.raises(ValidationError) as raised:
        TypeAdapter(schema).validate_python(value)

    (error,) = raised.value.errors()
    assert validation_message(error) == message


def test_every_error_of_a_schema_has_a_message() -> None:
    bases: list[type[BaseModel]] = [RequestBody, QueryParameters, Document]
    models: list[type[BaseModel]] = [Settings]
    for base in bases:
        models.extend(_subclasses(base))
    schemas = {
        kind
        for model in models
        for kind in _kinds(TypeAdapter(model).core_schema)
        if kind not in WITHOUT_ERRORS
    }

    assert {"int", "str", "list", "model", "uuid"} <= schemas
    assert {error for kind in schemas for error in ERRORS[kind]} <= _MESSAGES.keys()
    custom = {each for model in models for each in _custom_errors(TypeAdapter(model).core_schema)}
    assert custom == {"path_type"}
    assert custom <= _MESSAGES.keys()


def test_every_pattern_of_a_request_has_a_rule() -> None:
    settings = Settings.model_validate({"database_url": "memory://"})
    document = create_app(Container(settings=settings)).openapi()

    patterns = set(_values(document, "pattern"))
    assert SINGLE_LINE_PATTERN in patterns
    # Their modules explain keys and entity tags, and no request has the type of a problem.
    explained_elsewhere = {
        idempotency_key.PATTERN,
        entity_tags.PATTERN,
        r"^/problems/[a-z-]+$",
    }
    assert patterns - explained_elsewhere <= PATTERN_RULES.keys()


def _subclasses(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for each in model.__subclasses__():
        yield each
        yield from _subclasses(each)


def _kinds(schema: object) -> Iterator[str]:
    """Yield the type of a schema and of every schema in it."""
    match schema:
        case {"type": str() as kind, **members}:
            yield kind
            inner = [value for name, value in members.items() if name not in _NO_SCHEMAS]
            yield from (each for value in inner for each in _kinds(value))
        case dict():
            yield from (each for value in schema.values() for each in _kinds(value))
        case list() | tuple():
            yield from (each for value in schema for each in _kinds(value))


def _custom_errors(schema: object) -> Iterator[str]:
    """Yield the types that schemas give the errors of those in them."""
    match schema:
        case dict():
            if "custom_error_type" in schema:
                yield schema["custom_error_type"]
            yield from (each for value in schema.values() for each in _custom_errors(value))
        case list() | tuple():
            yield from (each for value in schema for each in _custom_errors(value))


_NO_SCHEMAS = ("metadata", "serialization", "expected", "members", "default", "config")


def _values(document: object, name: str) -> Iterator[str]:
    """Yield the texts under a name, at any depth of a document."""
    match document:
        case dict():
            value = document.get(name)
            if isinstance(value, str):
                yield value
            yield from (each for inner in document.values() for each in _values(inner, name))
        case list():
            yield from (each for inner in document for each in _values(inner, name))
