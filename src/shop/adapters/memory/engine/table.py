"""Tables in memory: committed rows by key, with unique constraints."""

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from dataclasses import field, replace
from typing import Generic, TypeVar

from shop.application.ports.unit_of_work import ConstraintViolated
from shop.domain.shared.value import value

K = TypeVar("K", bound=Hashable)
R = TypeVar("R")


@value
class Table(Generic[K, R]):
    """Immutable rows by key; a commit replaces the table.

    `unique` has the unique constraints by name; `find` looks rows up by them.
    """

    name: str
    key: Callable[[R], K]
    unique: Mapping[str, Callable[[R], Hashable]] = field(default_factory=dict)
    rows: Mapping[K, R] = field(default_factory=dict)
    indexes: Mapping[str, Mapping[Hashable, K]] = field(default_factory=dict)

    def get_many(self, keys: Collection[K]) -> dict[K, R]:
        """Return rows by key."""
        return {key: self.rows[key] for key in keys if key in self.rows}

    def find(self, unique: str, value: Hashable) -> R | None:
        """Return the row with this value of a unique constraint."""
        key = self.indexes.get(unique, {}).get(value)
        return None if key is None else self.rows[key]

    def with_changes(
        self, *, added: Iterable[R] = (), saved: Iterable[R] = (), removed: Iterable[K] = ()
    ) -> "Table[K, R]":
        """Apply changes; raise `ConstraintViolated` if two rows are in conflict."""
        added, saved, removed = list(added), list(saved), set(removed)
        if not (added or saved or removed):
            return self
        rows = dict(self.rows)
        for row in added:
            require_constraint(self.key(row) not in rows, f"pk_{self.name}")
            rows[self.key(row)] = row
        rows |= {self.key(row): row for row in saved}
        deleted = [rows.pop(key) for key in removed if key in rows]
        replaced = [self.rows[self.key(row)] for row in saved]
        current = [row for row in (*added, *saved) if self.key(row) in rows]
        return replace(
            self,
            rows=rows,
            indexes={
                name: self._index(name, outdated=(*deleted, *replaced), current=current)
                for name in self.unique
            },
        )

    def _index(
        self, name: str, *, outdated: Iterable[R], current: Iterable[R]
    ) -> dict[Hashable, K]:
        value = self.unique[name]
        index = dict(self.indexes.get(name, {}))
        for row in outdated:
            index.pop(value(row), None)
        for row in current:
            require_constraint(index.get(value(row), self.key(row)) == self.key(row), name)
            index[value(row)] = self.key(row)
        return index


def require_constraint(condition: bool, constraint: str) -> None:  # noqa: FBT001  It reads as a sentence.
    """Raise `ConstraintViolated` unless the condition holds."""
    if not condition:
        raise ConstraintViolated(constraint)
