"""Facts of violations and differences, in a line."""

from collections.abc import Mapping

from shop.application.ports.repositories.audit import Fact


def facts_as_text(facts: Mapping[str, Fact]) -> str:
    """Return "name=value" for each fact that has a value; JSON shows the others as null."""
    return " ".join(f"{name}={value}" for name, value in facts.items() if value is not None)
