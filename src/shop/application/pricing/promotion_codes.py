"""Makes and lists codes of promotions that are for one order each."""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import product
from uuid import UUID

from shop.application.idempotency.optional_key import execute_once, optional_request
from shop.application.idempotency.results import CommandResult
from shop.application.identity.authentication import SessionAuthenticator
from shop.application.ports.clock import Clock
from shop.application.ports.id_generator import IdGenerator
from shop.application.ports.paging import Page, PageRequest
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.runner import TransactionRunner
from shop.domain.pricing.promotions.made_codes import (
    MAX_CODE_PREFIX_CHARACTERS,
    MAX_CODES_AT_ONCE,
    MadeCodes,
    made_at,
)
from shop.domain.pricing.promotions.promotion import Promotion
from shop.domain.pricing.promotions.promotion_code import normalise_code
from shop.domain.pricing.promotions.promotion_uses import (
    PromotionCounter,
    code_key,
    counter_key,
    ended_code_key,
)
from shop.domain.pricing.rule_document import PromotionNotFound, RuleDocument, RuleKind
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.value import value
from shop.domain.user import Role, User

_ALPHABET = "0123456789BCDFGHJKMNPQRSTVWXYZ"
"""Without letters that look like digits, and without vowels, so that no words come out."""

_GROUPS, _GROUP_CHARACTERS = 3, 4
_PAIR_TEXTS = tuple(map("".join, product(_ALPHABET, repeat=2)))
_PAIRS = _GROUPS * _GROUP_CHARACTERS // 2
_MICROSECOND = timedelta(microseconds=1)


@value
class MakeCodes:
    """Make codes of a promotion, each for one order, once under the key (admin)."""

    session: SessionToken | None
    promotion: str
    count: int
    prefix: str | None
    key: str


@value
class SingleUseCode:
    """A code for one order, and the order that has it."""

    code: str
    order_id: UUID | None


@value
class _Locked:
    document: RuleDocument | None
    version: int
    counter: PromotionCounter | None
    codes: Collection[str]
    at: datetime


class PromotionCodes:
    """Makes and lists codes that are for one order each."""

    def __init__(
        self,
        transactions: TransactionRunner,
        authenticator: SessionAuthenticator,
        clock: Clock,
        ids: IdGenerator,
    ) -> None:
        self._transactions = transactions
        self._authenticator = authenticator
        self._clock = clock
        self._ids = ids

    async def list(
        self, user: User, promotion: str, page: PageRequest[str]
    ) -> Page[SingleUseCode, str]:
        """Return a page of the codes of a promotion, sorted.

        Raise `Forbidden` unless an admin asks, and `PromotionNotFound`.
        """
        user.require(Role.ADMIN)

        async def read(uow: UnitOfWork) -> Page[SingleUseCode, str]:
            if await _find(uow, promotion) is None:
                raise PromotionNotFound(slug=promotion)
            found = await uow.promotion_counters.single_use_codes(promotion, page)
            orders = await uow.promotion_uses.orders_by_code(promotion, found.items)
            codes = [SingleUseCode(code=each, order_id=orders.get(each)) for each in found.items]
            return Page(items=codes, next=found.next)

        return await self._transactions.read(read)

    async def make(self, command: MakeCodes) -> CommandResult[MadeCodes]:
        """Make codes; from then on the promotion applies only with a code.

        Errors: `NotSignedIn`, `SessionExpired`, `Forbidden`, `InvalidValue`, `PromotionNotFound`,
        `IdempotencyKeyReused`, `RequestInProgress`.
        """
        if not 1 <= command.count <= MAX_CODES_AT_ONCE:
            raise InvalidValue(field="count", rule=f"must be 1 to {MAX_CODES_AT_ONCE}")
        prefix = command.prefix and normalise_code(command.prefix, "prefix")
        if prefix and len(prefix) > MAX_CODE_PREFIX_CHARACTERS:
            rule = f"must be at most {MAX_CODE_PREFIX_CHARACTERS} characters"
            raise InvalidValue(field="prefix", rule=rule)
        command = replace(command, prefix=prefix)
        # Made before the rules are locked, as it takes a while.
        codes = _random_codes(command.count, prefix)
        return await self._transactions.write(partial(self._make, command, codes), retryable=True)

    async def _make(
        self, command: MakeCodes, codes: Collection[str], uow: UnitOfWork
    ) -> CommandResult[MadeCodes]:
        user = await self._authenticator.require_admin(uow, command.session)

        async def load(ids: Collection[UUID]) -> Mapping[UUID, MadeCodes]:
            counters = uow.promotion_counters
            return {
                each: MadeCodes(
                    id=each, codes=await counters.codes_made_at(command.promotion, made_at(each))
                )
                for each in ids
            }

        return await execute_once(
            uow,
            optional_request(
                user,
                command.key,
                command,
                "codes",
                promotion=command.promotion,
                count=command.count,
                prefix=command.prefix,
            ),
            at=self._clock.now(),
            lock=partial(self._lock, uow, command, codes),
            decide=partial(self._decide, uow, command),
            load=load,
        )

    async def _lock(self, uow: UnitOfWork, command: MakeCodes, codes: Collection[str]) -> _Locked:
        version = await uow.rule_documents.lock()
        last = await uow.promotion_counters.last_made_at(command.promotion)
        now = self._clock.now()
        key = counter_key(command.promotion)
        return _Locked(
            document=await _find(uow, command.promotion),
            version=version,
            counter=(await uow.promotion_counters.lock_whole([key])).get(key),
            codes=await _unused_codes(uow, codes, command.prefix),
            at=now if last is None else max(now, last + _MICROSECOND),
        )

    def _decide(self, uow: UnitOfWork, command: MakeCodes, locked: _Locked) -> MadeCodes:
        document, counter = locked.document, locked.counter
        if document is None or counter is None or not isinstance(document.rule, Promotion):
            raise PromotionNotFound(slug=command.promotion)
        if not document.rule.requires_code:
            promotion = replace(document.rule, requires_code=True)
            document = replace(
                document, rule=promotion, version=locked.version, updated_at=locked.at
            )
            uow.rule_documents.put(document)
            # Orders that were decided without a code are decided again.
            uow.promotion_counters.save(replace(counter, rules_version=document.version))
        for code in locked.codes:
            uow.promotion_counters.add(
                PromotionCounter(
                    key=code_key(code),
                    promotion=command.promotion,
                    uses_left=1,
                    rules_version=document.version,
                    created_at=locked.at,
                )
            )
        return MadeCodes.of(list(locked.codes), at=locked.at, random_id=self._ids.new())


async def _find(uow: UnitOfWork, slug: str) -> RuleDocument | None:
    """Return a promotion that is in force."""
    found = (await uow.rule_documents.find(RuleKind.PROMOTION, [slug])).get(slug)
    return None if found is None or found.archived_at is not None else found


async def _unused_codes(
    uow: UnitOfWork, codes: Collection[str], prefix: str | None
) -> Collection[str]:
    """Return these codes, with others for those that promotions have or had: hardly ever any."""
    unused: set[str] = set()
    asked = set(codes)
    while len(unused) < len(codes):
        keys = {make_key(each): each for each in asked for make_key in (code_key, ended_code_key)}
        taken = {keys[each] for each in await uow.promotion_counters.get_many(list(keys))}
        unused |= asked - taken
        asked = _random_codes(len(codes) - len(unused), prefix)
    return unused


def _random_codes(count: int, prefix: str | None) -> set[str]:
    codes: set[str] = set()
    while len(codes) < count:
        codes |= {_random_code(prefix) for _ in range(count - len(codes))}
    return codes


def _random_code(prefix: str | None) -> str:
    """Return a code of one random number, whose digits are pairs of characters."""
    base = len(_PAIR_TEXTS)
    number = secrets.randbelow(base**_PAIRS)
    text = "".join(_PAIR_TEXTS[number // base**digit % base] for digit in range(_PAIRS))
    size = _GROUP_CHARACTERS
    groups = [text[start : start + size] for start in range(0, len(text), size)]
    if prefix is None:
        return "-".join(groups)
    # Many write the hyphen that separates it.
    return "-".join((prefix.rstrip("-"), *groups))
