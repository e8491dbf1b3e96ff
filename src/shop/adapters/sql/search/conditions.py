"""Conditions on tokens, in the languages of the engines' indexes.

A token has no character that means something in them, or that their parsers would cut.
"""

from collections.abc import Sequence

from shop.domain.catalogue.search_terms import AnyTerm, Condition, SearchTerm
from shop.domain.shared.value import value

MAX_COMPARED = 64
"""How many terms of which one must occur stand beside each other: about the root of the most."""


@value
class Language:
    """How an index writes what it is asked."""

    conjunction: str
    disjunction: str
    exclusion: str
    quote: str
    prefix: str
    regroup: str
    """How a part of many terms is written, so that the engine compares it as one."""

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
        terms = [self._term(each) for each in any_term]
        if len(terms) > MAX_COMPARED:
            parts = range(0, len(terms), MAX_COMPARED)
            terms = [
                self.regroup.format(self.disjunction.join(terms[first : first + MAX_COMPARED]))
                for first in parts
            ]
        return f"({self.disjunction.join(terms)})"

    def _term(self, term: SearchTerm) -> str:
        return f"{self.quote}{term.token}{self.quote}{self.prefix if term.is_prefix else ''}"


_NEVER = "\ue01e"
"""A sign that no token begins with."""

FTS5 = Language(
    conjunction=" AND ",
    disjunction=" OR ",
    exclusion=" NOT ",
    quote='"',
    prefix=" *",
    regroup=f'(({{}}) NOT "{_NEVER}")',
)
"""The expressions of SQLite's FTS5.

It compares all terms of an OR for each row, and takes parts that are an OR themselves apart. So a
part is what never occurs left out of it.
"""

TSQUERY = Language(
    conjunction=" & ", disjunction=" | ", exclusion=" & !", quote="'", prefix=":*", regroup="({})"
)
"""The queries of PostgreSQL's full-text search."""
