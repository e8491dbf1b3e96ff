"""The rules of the domain are tested with values that reject changes."""

from tests.frozen_values import values_are_frozen

__all__ = ["values_are_frozen"]
