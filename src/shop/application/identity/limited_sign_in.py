"""Signs users in and up within the rate limits.

Failed sign-ins are limited in three ways: by account, by address, and by password. A stranger who
guesses at an account cannot keep its user out: the user's sessions, and the addresses from which
the user has signed in before, have counts of their own.
"""

from asyncio import gather
from dataclasses import field
from uuid import UUID

from shop.application.identity.authentication import CurrentSession
from shop.application.identity.guesses import Guesses
from shop.application.identity.rate_limit_policy import KNOWN_ADDRESS, RateLimitPolicy
from shop.application.identity.sign_in import ChangePassword, SignIn, SignInService
from shop.application.identity.sign_up import SignedUp, SignUp, SignUpService
from shop.application.ports.rate_limiter import RateLimiter
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.runner import TransactionRunner, best_effort
from shop.domain.password import password_forms
from shop.domain.rate_limit import TooManyRequests
from shop.domain.shared.errors import AccessDenied, InvalidValue
from shop.domain.shared.value import value
from shop.domain.user import InvalidCredentials, email_forms, normalise_email

_NOT_UPDATED = "rate_limit_not_updated"
"""The request is decided, and its hits count for longer than they should."""


@value
class _Attempt:
    """An attempt to sign in, and the subject to whose guesses it belongs."""

    account: str
    address: str
    password: str = field(repr=False)
    guesser: str
    is_from_own_session: bool


class LimitedSignIn:
    """Signs users in and up, and changes passwords, within the rate limits."""

    def __init__(
        self,
        transactions: TransactionRunner,
        sign_in_service: SignInService,
        sign_up_service: SignUpService,
        limiter: RateLimiter,
        policy: RateLimitPolicy,
    ) -> None:
        self._transactions = transactions
        self._sign_in_service = sign_in_service
        self._sign_up_service = sign_up_service
        self._limiter = limiter
        self._policy = policy
        free_failures = policy.failures_per_account
        self._sign_in_guesses = Guesses(limiter, "failed sign-in", free_failures=free_failures)
        self._password_guesses = Guesses(
            limiter, "failed change of password", free_failures=free_failures
        )

    async def sign_in(self, command: SignIn, address: str) -> CurrentSession:
        """Sign the user in; raise `InvalidCredentials` or `TooManyRequests`.

        Unknown addresses of users have the same limits as known ones.
        """
        attempt = await self._begin(command, address)
        try:
            current_session = await self._sign_in_service.sign_in(command)
        except InvalidCredentials:
            raise
        except Exception:
            with best_effort(_NOT_UPDATED):
                await gather(
                    self._give_back(attempt), self._sign_in_guesses.withdraw(attempt.guesser)
                )
            raise
        with best_effort(_NOT_UPDATED):
            await gather(
                self._give_back(attempt),
                self._sign_in_guesses.succeed(attempt.guesser),
                self._remember_address(attempt.account, address),
            )
        return current_session

    async def change_password(self, command: ChangePassword, session_id: UUID) -> CurrentSession:
        """Change the password; raise `TooManyRequests` after wrong current passwords.

        Each session has its own count, so that a stolen one does not hinder the user's others.
        """
        guesser = str(session_id)
        await self._password_guesses.require_no_delay(guesser)
        await self._password_guesses.begin(guesser)
        try:
            current_session = await self._sign_in_service.change_password(command)
        except AccessDenied:
            raise
        except Exception:
            with best_effort(_NOT_UPDATED):
                await self._password_guesses.withdraw(guesser)
            raise
        with best_effort(_NOT_UPDATED):
            await self._password_guesses.succeed(guesser)
        return current_session

    async def sign_up(self, command: SignUp, address: str) -> SignedUp:
        """Sign a customer up; raise `TooManyRequests` after many sign-ups from the address.

        Rejected ones count too: `EmailTaken` says who is a customer.
        """
        await self._limiter.hit(self._policy.sign_ups, address)
        signed_up = await self._sign_up_service.sign_up(command)
        with best_effort(_NOT_UPDATED):
            await self._remember_address(_account(signed_up.user.email), address)
        return signed_up

    async def _begin(self, command: SignIn, address: str) -> _Attempt:
        """Count an attempt; one that a limit rejects does not count as a guess."""
        account = _account(command.email)
        pair = _pair(account, address)
        own_session_id = await self._find_own_session(command)
        if own_session_id is not None:
            guesser = f"{account} in session {own_session_id}"
        else:
            guesser = pair if await self._limiter.has_hits(KNOWN_ADDRESS, pair) else account
        attempt = _Attempt(
            account=account,
            address=address,
            # All forms of one password count as one.
            password=password_forms(command.password)[0],
            guesser=guesser,
            is_from_own_session=own_session_id is not None,
        )
        await self._sign_in_guesses.require_no_delay(guesser)
        if not attempt.is_from_own_session:
            await self._limiter.hit(self._policy.address_failures, address)
            await self._limiter.hit(self._policy.password_failures, attempt.password)
        try:
            await self._sign_in_guesses.begin(guesser)
        except TooManyRequests:
            await self._give_back(attempt)
            raise
        return attempt

    async def _remember_address(self, account: str, address: str) -> None:
        """Let the address be known from now on: a hit alone does not prolong its window."""
        pair = _pair(account, address)
        await self._limiter.forget(KNOWN_ADDRESS, pair)
        await self._limiter.hit(KNOWN_ADDRESS, pair)

    async def _give_back(self, attempt: _Attempt) -> None:
        if not attempt.is_from_own_session:
            await gather(
                self._limiter.give_back(self._policy.address_failures, attempt.address),
                self._limiter.give_back(self._policy.password_failures, attempt.password),
            )

    async def _find_own_session(self, command: SignIn) -> UUID | None:
        """Return the id of the token's session, expired or not, if it is the user's own."""
        token = command.session
        if token is None:
            return None

        async def find(uow: UnitOfWork) -> UUID | None:
            session = (await uow.sessions.find([token])).get(token)
            if session is None or session.user_id is None:
                return None
            user = (await uow.users.get_many([session.user_id])).get(session.user_id)
            is_own = user is not None and _account(user.email) == _account(command.email)
            return session.id if is_own else None

        return await self._transactions.read(find)


def _account(email: str) -> str:
    try:
        # All forms of one address are one account.
        _, unicode_form, _ = email_forms(normalise_email(email))
    except InvalidValue:
        # No user has it, but it is limited like any other.
        return email
    return unicode_form


def _pair(account: str, address: str) -> str:
    return f"{account} from {address}"
