"""The rules of prices in a relational database."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Row,
    Select,
    bindparam,
    literal_column,
    null,
    select,
    union_all,
)

from shop.adapters.sql.repositories.pricing.rule_codec import to_document, to_rule
from shop.adapters.sql.schema.tables import pricing_rules, rule_versions
from shop.adapters.sql.statements.connection import SqlConnection
from shop.adapters.sql.statements.paging import to_page
from shop.adapters.sql.statements.writes import (
    Fields,
    PendingWrite,
    delete_rows,
    insert_rows,
    update_rows,
)
from shop.application.ports.paging import Page, PageRequest
from shop.application.ports.repositories.pricing.rule_documents import CurrentRules, RuleDocuments
from shop.application.ports.unit_of_work import LockOrder
from shop.domain.pricing.rule_document import RuleDocument, RuleKind

KNOWN_RULES = "known_rules"
"""The parameter with the version of the rules that are known."""

_ID = 1


def select_current_rules(known: ColumnElement[int]) -> Select[Any]:
    """Return the query of the version, and of the rules unless it is the known one.

    The version is in one row for each rule, and in one without a rule. It is found by its key, and
    no rule is read if it is known: most units of work ask no more.
    """
    found = rule_versions.c.id == literal_column(str(_ID))
    version = select(rule_versions.c.version).where(found).scalar_subquery()
    rules = select(
        version.label("version"),
        known.label("known"),
        pricing_rules.c.kind,
        pricing_rules.c.slug,
        pricing_rules.c.document,
    ).where(version != known, pricing_rules.c.archived_at.is_(None))
    return select(
        union_all(rules, select(version, known, null(), null(), null())).subquery("rules")
    )


CURRENT_RULES = select_current_rules(bindparam(KNOWN_RULES, type_=BigInteger()))

VERSION = select(rule_versions).order_by(rule_versions.c.id)


def _of_kind(kind: RuleKind) -> Select[Any]:
    return (
        select(pricing_rules)
        .where(pricing_rules.c.kind == kind.value)
        .order_by(pricing_rules.c.slug)
    )


_OF_KIND = {kind: _of_kind(kind) for kind in RuleKind}


class SqlRuleDocuments(RuleDocuments):
    """The tables of rules and of their version."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection
        self._next_version: int | None = None
        self._looked_up: dict[tuple[RuleKind, str], bool] = {}
        self._added: list[Fields] = []
        self._changed: list[Fields] = []
        self._removed: list[Fields] = []

    async def current(self, known: int) -> CurrentRules:
        """Return the version, and the rules unless they are known."""
        rows = await self._connection.fetch_all(CURRENT_RULES, {KNOWN_RULES: known})
        version = rows[0].version
        if version == rows[0].known:
            return CurrentRules(version=version, rules=None)
        rules = [to_rule(RuleKind(row.kind), row.document) for row in rows if row.slug is not None]
        return CurrentRules(version=version, rules=rules)

    async def of_kind(self, kind: RuleKind) -> Sequence[RuleDocument]:
        """Return the rules of a kind that are not archived."""
        statement = _OF_KIND[kind].where(pricing_rules.c.archived_at.is_(None))
        return [_document(row) for row in await self._connection.fetch_all(statement)]

    async def page(
        self, kind: RuleKind, page: PageRequest[str], *, archived: bool
    ) -> Page[RuleDocument, str]:
        """Return a page of the rules of a kind."""
        archived_at = pricing_rules.c.archived_at
        statement = _OF_KIND[kind].where(
            archived_at.is_not(None) if archived else archived_at.is_(None)
        )
        if page.after is not None:
            statement = statement.where(pricing_rules.c.slug > page.after)
        rows = await self._connection.fetch_all(statement.limit(page.limit + 1))
        return to_page(list(map(_document, rows)), page, lambda each: each.slug)

    async def find(self, kind: RuleKind, slugs: Collection[str]) -> Mapping[str, RuleDocument]:
        """Return rules by slug."""
        rows = await self._connection.fetch_where_in(_OF_KIND[kind], pricing_rules.c.slug, slugs)
        found = {row.slug: _document(row) for row in rows}
        if self._next_version is not None:
            self._looked_up |= {(kind, slug): slug in found for slug in slugs}
        return found

    async def lock(self) -> int:
        """Lock all rules by the row of their version."""
        (row,) = await self._connection.fetch_where_in(
            VERSION, rule_versions.c.id, [_ID], lock=LockOrder.RULES
        )
        next_version: int = row.version + 1
        self._next_version = next_version
        return next_version

    def put(self, document: RuleDocument) -> None:
        """Stage a rule, new or changed."""
        self._require_locked()
        exists = self._looked_up.get((document.kind, document.slug))
        if exists is None:
            raise RuntimeError(f"the rule {document.slug} was not looked up under the lock")
        (self._changed if exists else self._added).append(_fields(document))

    def remove(self, kind: RuleKind, slug: str) -> None:
        """Stage the deletion of a rule."""
        self._require_locked()
        self._removed.append({"kind": kind.value, "slug": slug})

    def pending_writes(self) -> Iterator[PendingWrite]:
        """Yield the staged writes, with the version if a rule changes."""
        yield from insert_rows(pricing_rules, self._added)
        yield from update_rows(
            pricing_rules,
            ["kind", "slug"],
            self._changed,
            error_if_incomplete=RuntimeError("locked rules are missing"),
        )
        yield from delete_rows(pricing_rules, self._removed)
        if self._added or self._changed or self._removed:
            yield from update_rows(
                rule_versions,
                ["id"],
                [{"id": _ID, "version": self._next_version}],
                error_if_incomplete=RuntimeError("the version of the rules is missing"),
            )

    def _require_locked(self) -> None:
        self._connection.require_staging()
        if self._next_version is None:
            raise RuntimeError("the rules were not locked in this unit of work")


def _document(row: Row[Any]) -> RuleDocument:
    return RuleDocument(
        rule=to_rule(RuleKind(row.kind), row.document),
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
        archived_at=row.archived_at,
    )


def _fields(document: RuleDocument) -> Fields:
    return {
        "kind": document.kind.value,
        "slug": document.slug,
        "document": to_document(document.rule),
        "version": document.version,
        "archived_at": document.archived_at,
        "created_at": document.created_at,
        "updated_at": document.updated_at,
    }
