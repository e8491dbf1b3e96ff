"""Shows, saves and ends the rules of prices, each as a whole document."""

from collections.abc import Sequence
from dataclasses import field, replace
from functools import partial

from shop.application.catalogue.preconditions import Precondition
from shop.application.identity.authentication import SessionAuthenticator
from shop.application.ports.clock import Clock
from shop.application.ports.paging import Page, PageRequest
from shop.application.ports.postal_rules import PostalRules
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.pricing.pricing_policy import PricingPolicy
from shop.application.pricing.promotion_limits import stage_counters, stage_end
from shop.application.pricing.rule_checks import (
    checked_rule,
    require_consistent,
    require_few_automatic,
)
from shop.application.transactions.runner import TransactionRunner
from shop.domain.pricing.promotions.promotion import Promotion
from shop.domain.pricing.rule_document import (
    Rule,
    RuleDocument,
    RuleKind,
    ZoneInUse,
    rule_not_found,
)
from shop.domain.pricing.shipping.shipping_method import ShippingMethod
from shop.domain.shared.value import value
from shop.domain.user import Role, User


@value
class PutRule:
    """Add or replace a rule (admin)."""

    session: SessionToken | None
    rule: Rule
    precondition: Precondition = field(default_factory=Precondition)


@value
class DeleteRule:
    """End a rule (admin)."""

    session: SessionToken | None
    kind: RuleKind
    slug: str
    precondition: Precondition = field(default_factory=Precondition)


@value
class ShownRule:
    """A rule, and how many orders have it if it is a promotion."""

    document: RuleDocument
    used: int


@value
class RuleSaved:
    """The rule was added or replaced."""

    shown: ShownRule
    is_new: bool


def rule_version(document: RuleDocument) -> str:
    """Return a name for what staff have saved; no other document of the slug ever has it."""
    return str(document.version)


class RuleService:
    """Shows, saves and ends tax rates, shipping zones, shipping methods and promotions.

    A rule that has ended is archived if orders may name it. It then counts as one that does not
    exist: only lists can show it, and another one can be saved in its place.
    """

    def __init__(
        self,
        transactions: TransactionRunner,
        authenticator: SessionAuthenticator,
        clock: Clock,
        policy: PricingPolicy,
        postal_rules: PostalRules,
    ) -> None:
        self._transactions = transactions
        self._authenticator = authenticator
        self._clock = clock
        self._policy = policy
        self._postal_rules = postal_rules

    async def show(self, user: User, kind: RuleKind, slug: str) -> ShownRule:
        """Return a rule; raise `Forbidden`, or the kind's error if there is none."""
        user.require(Role.ADMIN)

        async def show(uow: UnitOfWork) -> ShownRule:
            document = await _find(uow, kind, slug)
            if document is None:
                raise rule_not_found(kind, slug)
            return (await _shown(uow, [document]))[0]

        return await self._transactions.read(show)

    async def list(
        self, user: User, kind: RuleKind, page: PageRequest[str], *, archived: bool
    ) -> Page[ShownRule, str]:
        """Return a page of rules by slug: those in force or those that have ended.

        Raise `Forbidden` unless an admin asks.
        """
        user.require(Role.ADMIN)

        async def read(uow: UnitOfWork) -> Page[ShownRule, str]:
            found = await uow.rule_documents.page(kind, page, archived=archived)
            return Page(items=await _shown(uow, found.items), next=found.next)

        return await self._transactions.read(read)

    async def put(self, command: PutRule) -> RuleSaved:
        """Add or replace a rule; the rule that is stored already is left as it is.

        Raise `NotSignedIn`, `SessionExpired`, `Forbidden`, `PreconditionFailed`,
        `SellerCountryUnknown`, or `InvalidValue` with the pointer into the document.
        """
        rule = checked_rule(command.rule, self._policy, self._postal_rules)
        command = replace(command, rule=rule)
        # A retry after an unknown outcome could fail on the rule that it has saved itself.
        retryable = command.precondition.is_empty
        return await self._transactions.write(partial(self._put, command), retryable=retryable)

    async def _put(self, command: PutRule, uow: UnitOfWork) -> RuleSaved:
        await self._authenticator.require_admin(uow, command.session)
        version, now = await uow.rule_documents.lock(), self._clock.now()
        document = RuleDocument(rule=command.rule, version=version, created_at=now, updated_at=now)
        existing = await _find(uow, document.kind, document.slug)
        command.precondition.require_version(None if existing is None else rule_version(existing))
        await require_consistent(uow, document)
        if isinstance(document.rule, Promotion):
            before = existing.rule if existing is not None else None
            promotion = await stage_counters(
                uow,
                document.rule,
                before if isinstance(before, Promotion) else None,
                version=version,
                at=now,
            )
            await require_few_automatic(uow, promotion, now)
            document = replace(document, rule=promotion)
        if existing is not None and existing.rule == document.rule:
            return RuleSaved(shown=(await _shown(uow, [existing]))[0], is_new=False)
        if existing is not None:
            document = replace(document, created_at=existing.created_at)
        uow.rule_documents.put(document)
        (shown,) = await _shown(uow, [document])
        await uow.commit()
        return RuleSaved(shown=shown, is_new=existing is None)

    async def delete(self, command: DeleteRule) -> None:
        """End a rule.

        Raise `NotSignedIn`, `SessionExpired`, `Forbidden`, `PreconditionFailed`, `ZoneInUse`, or
        the kind's error if there is no such rule.
        """
        # A retry after an unknown outcome would not find what it has ended itself.
        await self._transactions.write(partial(self._delete, command), retryable=False)

    async def _delete(self, command: DeleteRule, uow: UnitOfWork) -> None:
        await self._authenticator.require_admin(uow, command.session)
        version, now = await uow.rule_documents.lock(), self._clock.now()
        existing = await _find(uow, command.kind, command.slug)
        if existing is None:
            raise rule_not_found(command.kind, command.slug)
        command.precondition.require_version(rule_version(existing))
        if command.kind is RuleKind.SHIPPING_ZONE:
            await _require_no_methods(uow, command.slug)
        has_orders = True
        if isinstance(existing.rule, Promotion):
            has_orders = await stage_end(uow, command.slug, version)
        if has_orders:
            uow.rule_documents.put(
                replace(existing, version=version, updated_at=now, archived_at=now)
            )
        else:
            uow.rule_documents.remove(command.kind, command.slug)
        await uow.commit()


async def _find(uow: UnitOfWork, kind: RuleKind, slug: str) -> RuleDocument | None:
    """Return a rule that is in force."""
    found = (await uow.rule_documents.find(kind, [slug])).get(slug)
    return None if found is None or found.archived_at is not None else found


async def _shown(uow: UnitOfWork, documents: Sequence[RuleDocument]) -> Sequence[ShownRule]:
    promotions = [each.slug for each in documents if each.kind is RuleKind.PROMOTION]
    used = await uow.promotion_counters.used(promotions)
    return [ShownRule(document=each, used=used.get(each.slug, 0)) for each in documents]


async def _require_no_methods(uow: UnitOfWork, zone: str) -> None:
    methods = await uow.rule_documents.of_kind(RuleKind.SHIPPING_METHOD)
    serving = [
        each.slug
        for each in methods
        if isinstance(each.rule, ShippingMethod) and each.rule.zone == zone
    ]
    if serving:
        raise ZoneInUse(slug=zone, methods=tuple(serving))
