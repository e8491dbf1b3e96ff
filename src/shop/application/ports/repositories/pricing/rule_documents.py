"""Port to the rules of prices."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence

from shop.application.ports.paging import Page, PageRequest
from shop.domain.pricing.rule_document import Rule, RuleDocument, RuleKind
from shop.domain.shared.value import value

NO_VERSION = -1
"""Stands for the version of one who knows no rules."""


@value
class CurrentRules:
    """The version of all rules; the rules too, unless they are known by their version."""

    version: int
    rules: Sequence[Rule] | None


class RuleDocuments(ABC):
    """Tax rates, shipping zones, shipping methods and promotions.

    They have a version together, which grows with each change of one of them.
    """

    @abstractmethod
    async def current(self, known: int) -> CurrentRules:
        """Return the version, and the rules that apply unless this is the version that is known.

        If the rules were read ahead, it counts what was known then.
        """

    @abstractmethod
    async def of_kind(self, kind: RuleKind) -> Sequence[RuleDocument]:
        """Return the rules of a kind that are not archived, by slug."""

    @abstractmethod
    async def page(
        self, kind: RuleKind, page: PageRequest[str], *, archived: bool
    ) -> Page[RuleDocument, str]:
        """Return a page of the rules of a kind by slug: those that are archived, or the others."""

    @abstractmethod
    async def find(self, kind: RuleKind, slugs: Collection[str]) -> Mapping[str, RuleDocument]:
        """Return rules by slug, archived ones too."""

    @abstractmethod
    async def lock(self) -> int:
        """Lock all rules; return the version that they get with a change of this unit of work."""

    @abstractmethod
    def put(self, document: RuleDocument) -> None:
        """Stage a rule, new or changed; all rules are locked, and this slug was looked up since."""

    @abstractmethod
    def remove(self, kind: RuleKind, slug: str) -> None:
        """Stage the deletion of a rule; all rules are locked."""
