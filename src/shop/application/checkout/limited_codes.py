"""Limits unknown codes: who names many of them, in carts or orders, has to wait."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial

from shop.application.checkout.cart_changes import CartChanged
from shop.application.checkout.cart_details import AddCode, CartDetails
from shop.application.checkout.placed_order import PlacedOrder
from shop.application.checkout.placement_batch import PlaceOrder
from shop.application.idempotency.results import CommandResult
from shop.application.identity.authentication import CurrentSession, SessionAuthenticator
from shop.application.identity.rate_limit_policy import RateLimitPolicy
from shop.application.ports.rate_limiter import RateLimiter
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.group_commit import CommandQueues, result_or_error
from shop.application.transactions.runner import TransactionRunner, best_effort
from shop.domain.pricing.quote_errors import CodeNotFound
from shop.domain.rate_limit import TooManyRequests
from shop.domain.shared.errors import ShopError

Submit = Callable[[PlaceOrder], Awaitable[CommandResult[PlacedOrder]]]


class CodeGuesses:
    """The codes that a customer, or the visitors of an address, have named.

    A code counts before it is looked up, so that parallel guesses are not free.
    """

    def __init__(self, limiter: RateLimiter, policy: RateLimitPolicy) -> None:
        self._limiter = limiter
        self._limit = policy.unknown_codes

    async def count(self, subject: str, codes: int = 1) -> int:
        """Count codes, and return how many hits there were; raise `TooManyRequests` for too many.

        More codes than the limit allows at all count as many as it allows.
        """
        hits = min(codes, self._limit.max_hits)
        for counted in range(hits):
            try:
                await self._limiter.hit(self._limit, subject)
            except TooManyRequests:
                # One too many is counted, too.
                await self.give_back(subject, counted + 1)
                raise
        return hits

    async def give_back(self, subject: str, hits: int = 1) -> None:
        """Take back the hits of codes that are known, or were not looked up."""
        for _ in range(hits):
            with best_effort("unknown_codes_not_updated"):
                await self._limiter.give_back(self._limit, subject)


class LimitedCodes:
    """Counts the unknown codes that customers and visitors enter into carts."""

    def __init__(self, details: CartDetails, guesses: CodeGuesses) -> None:
        self._details = details
        self._guesses = guesses

    async def add(
        self, command: AddCode, current_session: CurrentSession | None, address: str
    ) -> CartChanged:
        """Add a code; errors are those of `CartDetails.add_code`, and `TooManyRequests`."""
        subject = _subject_of(current_session, address)
        await self._guesses.count(subject)
        try:
            changed = await self._details.add_code(command)
        except CodeNotFound:
            raise
        except Exception:
            await self._guesses.give_back(subject)
            raise
        await self._guesses.give_back(subject)
        return changed


class LimitedOrderCodes:
    """Counts the codes that orders name themselves; those of carts were counted when entered."""

    def __init__(
        self,
        transactions: TransactionRunner,
        authenticator: SessionAuthenticator,
        guesses: CodeGuesses,
        queues: CommandQueues,
    ) -> None:
        self._transactions = transactions
        self._authenticator = authenticator
        self._guesses = guesses
        # A query for each order would cost more than the order itself.
        self._session_queue = queues.queue_for(self._find_sessions)

    async def submit(self, command: PlaceOrder, submit: Submit) -> CommandResult[PlacedOrder]:
        """Submit an order; beyond the limit, it is rejected with `TooManyRequests`.

        It is submitted all the same: a key that has an outcome is answered by it.
        """
        number = _number_of_codes(command)
        current_session = await self._session_queue.submit(command.session) if number else None
        if current_session is None:
            return await submit(command)
        subject = _subject_of(current_session, command.client_address)
        try:
            hits = await self._guesses.count(subject, number)
        except TooManyRequests as error:
            return await submit(replace(command, checked_details=error))
        try:
            result = await submit(command)
        except Exception:
            await self._guesses.give_back(subject, hits)
            raise
        await self._guesses.give_back(subject, hits - _unknown_codes(result))
        return result

    async def _find_sessions(
        self, tokens: Sequence[SessionToken | None]
    ) -> Sequence[CurrentSession | ShopError | None]:
        return await self._transactions.read(partial(self._read_sessions, tokens))

    async def _read_sessions(
        self, tokens: Sequence[SessionToken | None], uow: UnitOfWork
    ) -> Sequence[CurrentSession | ShopError | None]:
        resolved_sessions = await self._authenticator.resolve(uow, tokens)
        return [result_or_error(each, resolved_sessions.find) for each in tokens]


def _subject_of(current_session: CurrentSession | None, address: str) -> str:
    # A visitor could begin a new session for each guess.
    user_id = None if current_session is None else current_session.session.user_id
    return f"address {address}" if user_id is None else f"user {user_id}"


def _number_of_codes(command: PlaceOrder) -> int:
    details = command.checked_details
    return 0 if details is None or isinstance(details, ShopError) else len(details.codes or ())


def _unknown_codes(result: CommandResult[PlacedOrder]) -> int:
    if result.replayed or not isinstance(result.value, CodeNotFound):
        return 0
    return len(result.value.codes)
