"""The rules of prices in memory."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from shop.adapters.memory.engine.database import RuleVersion, State
from shop.adapters.memory.engine.paging import by_key
from shop.adapters.memory.engine.transaction import MemoryTransaction
from shop.application.ports.paging import Page, PageRequest
from shop.application.ports.repositories.pricing.rule_documents import CurrentRules, RuleDocuments
from shop.application.ports.unit_of_work import LockOrder
from shop.domain.pricing.rule_document import RuleDocument, RuleKind


class MemoryRuleDocuments(RuleDocuments):
    """All rules, in memory."""

    def __init__(self, transaction: MemoryTransaction) -> None:
        self._transaction = transaction
        self._next_version: int | None = None
        self._looked_up: set[tuple[RuleKind, str]] = set()
        self._saved: dict[tuple[RuleKind, str], RuleDocument] = {}
        self._removed: set[tuple[RuleKind, str]] = set()

    async def current(self, known: int) -> CurrentRules:
        """Return the version, and the rules unless they are known."""
        version = self._version
        if version == known:
            return CurrentRules(version=version, rules=None)
        kinds = [each for kind in sorted(RuleKind) for each in await self.of_kind(kind)]
        return CurrentRules(version=version, rules=[each.rule for each in kinds])

    async def of_kind(self, kind: RuleKind) -> Sequence[RuleDocument]:
        """Return the rules of a kind that are not archived."""
        return self._of_kind(kind, archived=False)

    async def page(
        self, kind: RuleKind, page: PageRequest[str], *, archived: bool
    ) -> Page[RuleDocument, str]:
        """Return a page of the rules of a kind."""
        return by_key(self._of_kind(kind, archived=archived), page, lambda each: each.slug)

    async def find(self, kind: RuleKind, slugs: Collection[str]) -> Mapping[str, RuleDocument]:
        """Return rules by slug."""
        keys = {(kind, slug) for slug in slugs}
        if self._next_version is not None:
            self._looked_up |= keys
        found = self._transaction.state.pricing_rules.get_many(keys)
        return {slug: document for (_, slug), document in found.items()}

    async def lock(self) -> int:
        """Lock all rules."""
        self._transaction.acquire(LockOrder.RULES)
        self._next_version = self._version + 1
        return self._next_version

    def put(self, document: RuleDocument) -> None:
        """Stage a rule, new or changed."""
        self._require_locked()
        key = (document.kind, document.slug)
        if key not in self._looked_up:
            raise RuntimeError(f"the rule {document.slug} was not looked up under the lock")
        self._saved[key] = document

    def remove(self, kind: RuleKind, slug: str) -> None:
        """Stage the deletion of a rule."""
        self._require_locked()
        self._removed.add((kind, slug))

    def apply(self, state: State) -> State:
        """Return the state with the staged changes."""
        if not (self._saved or self._removed) or self._next_version is None:
            return state
        stored = state.pricing_rules.rows
        rules = state.pricing_rules.with_changes(
            added=[each for key, each in self._saved.items() if key not in stored],
            saved=[each for key, each in self._saved.items() if key in stored],
            removed=self._removed,
        )
        row = RuleVersion(version=self._next_version)
        versions = (
            state.rule_versions.with_changes(saved=[row])
            if state.rule_versions.rows
            else state.rule_versions.with_changes(added=[row])
        )
        return replace(state, pricing_rules=rules, rule_versions=versions)

    @property
    def _version(self) -> int:
        return next((row.version for row in self._transaction.state.rule_versions.rows.values()), 0)

    def _of_kind(self, kind: RuleKind, *, archived: bool) -> Sequence[RuleDocument]:
        rows = self._transaction.state.pricing_rules.rows.values()
        found = [each for each in rows if each.kind is kind]
        return sorted(
            (each for each in found if (each.archived_at is not None) is archived),
            key=lambda each: each.slug,
        )

    def _require_locked(self) -> None:
        self._transaction.require_writing()
        if self._next_version is None:
            raise RuntimeError("the rules were not locked in this unit of work")
