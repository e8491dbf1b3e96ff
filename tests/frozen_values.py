"""Values that reject changes while the rules of domain and application are tested.

A running shop does not check this (decision 28), nor do the tests of its adapters and entrypoints.
"""

import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import FrozenInstanceError, is_dataclass

import pytest


@pytest.fixture(scope="module", autouse=True)
def values_are_frozen() -> Iterator[None]:
    """Freeze the shop's values; a `conftest.py` that imports this does so for its folder."""
    with frozen(values_of_the_shop()):
        yield


def values_of_the_shop() -> Collection[type]:
    """Return the classes with the decorator `value`, of all modules that are imported."""
    modules = [module for name, module in sys.modules.items() if name.startswith("shop.")]
    return {each for module in modules for each in vars(module).values() if _is_value(each)}


@contextmanager
def frozen(kinds: Collection[type]) -> Iterator[None]:
    """Let each field of these classes be set only once: when the object is made."""
    for kind in kinds:
        kind.__setattr__ = _set_once  # type: ignore[assignment]
        kind.__delattr__ = _reject_deletion  # type: ignore[assignment]
    try:
        yield
    finally:
        for kind in kinds:
            del kind.__setattr__, kind.__delattr__


def _is_value(thing: object) -> bool:
    return (
        isinstance(thing, type)
        and is_dataclass(thing)
        and "__slots__" in vars(thing)
        and bool(getattr(thing, "__dataclass_params__").unsafe_hash)  # noqa: B009  mypy does not know it.
    )


def _set_once(target: object, name: str, new: object) -> None:
    if hasattr(target, name):
        raise FrozenInstanceError(f"cannot assign to field {name!r}")
    object.__setattr__(target, name, new)


def _reject_deletion(target: object, name: str) -> None:
    del target
    raise FrozenInstanceError(f"cannot delete field {name!r}")
