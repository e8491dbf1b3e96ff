"""Conditions on tokens, in the languages of the engines' indexes.

A token has no character that means something in them, or that their parsers would cut.
"""

from collections.abc import Sequence

from shop.domain.catalogue.search_terms import AnyTerm, Condition, SearchTerm
from shop.domain.shared.value import value


@value
class Language:
    """How an index writes what it is asked."""

    conjunction: str
    disjunction: str
    exclusion: str
    quote: str
    prefix: str

    def write(self, condition: Condition, excluded: AnyTerm = ()) -> str:
        """Write a condition, without what has an excluded term."""
        return self._without(condition, [self._term(each) for each in excluded])

    def write_without(self, condition: Condition, other: Condition, excluded: AnyTerm) -> str:
        """Write a condition, without what meets the other one or has an excluded term."""
        terms = [self._term(each) for each in excluded]
        return self._without(condition, [f"({self._all(other)})", *terms])

    def _without(self, condition: Condition, unwanted: Sequence[str]) -> str:
        wanted = self._all(condition)
        if not unwanted:
            return wanted
        return f"({wanted}){self.exclusion}({self.disjunction.join(unwanted)})"

    def _all(self, condition: Condition) -> str:
        return self.conjunction.join(self._any(each) for each in condition)

    def _any(self, any_term: AnyTerm) -> str:
        return f"({self.disjunction.join(self._term(each) for each in any_term)})"

    def _term(self, term: SearchTerm) -> str:
        return f"{self.quote}{term.token}{self.quote}{self.prefix if term.is_prefix else ''}"


FTS5 = Language(conjunction=" AND ", disjunction=" OR ", exclusion=" NOT ", quote='"', prefix=" *")
"""The expressions of SQLite's FTS5."""

TSQUERY = Language(conjunction=" & ", disjunction=" | ", exclusion=" & !", quote="'", prefix=":*")
"""The queries of PostgreSQL's full-text search."""
