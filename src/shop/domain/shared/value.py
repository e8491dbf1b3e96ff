"""Values: objects that are equal by their fields and never change."""

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

C = TypeVar("C")


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def value(kind: type[C]) -> type[C]:
    """Make a class a value, with its annotations as fields.

    The type checker rejects a change of a field, and so do the tests of domain and application
    (`tests/frozen_values.py`). A running shop does not check it: a frozen dataclass takes twice
    as long to make (decision 28).
    """
    # Fields never change, so a hash of them is safe.
    return dataclass(slots=True, kw_only=True, unsafe_hash=True)(kind)
