"""Signs customers up, each with an account and a session."""

from functools import partial

from shop.application.identity.authentication import CurrentSession, SessionAuthenticator
from shop.application.identity.email_lookup import find_by_email
from shop.application.identity.password_policy import PasswordPolicy
from shop.application.identity.session_carts import SessionCarts
from shop.application.ports.clock import Clock
from shop.application.ports.id_generator import IdGenerator
from shop.application.ports.password_hasher import PasswordHasher
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.runner import TransactionRunner
from shop.domain.account import Account, welcome_transfer
from shop.domain.password import normalise_password
from shop.domain.shared.money import Money
from shop.domain.shared.value import value
from shop.domain.user import EmailTaken, Role, User, normalise_name, normalise_new_email


@value
class SignUp:
    """Create a customer, whose cart is that of the token's session, and sign them in."""

    session: SessionToken | None
    name: str
    email: str
    password: str


@value
class SignedUp:
    """The new user, with an account and a signed-in session."""

    user: User
    account: Account
    current_session: CurrentSession


class SignUpService:
    """Creates customers."""

    def __init__(
        self,
        transactions: TransactionRunner,
        authenticator: SessionAuthenticator,
        password_hasher: PasswordHasher,
        password_policy: PasswordPolicy,
        clock: Clock,
        ids: IdGenerator,
        welcome_credit: Money,
    ) -> None:
        self._transactions = transactions
        self._authenticator = authenticator
        self._password_hasher = password_hasher
        self._password_policy = password_policy
        self._clock = clock
        self._ids = ids
        self._welcome_credit = welcome_credit

    async def sign_up(self, command: SignUp) -> SignedUp:
        """Create the user, the account and the session, or none of them.

        Raise `InvalidValue` for an invalid value, and `EmailTaken` if the address is in use.
        """
        name, email = normalise_name(command.name), normalise_new_email(command.email)
        password = normalise_password(command.password)
        self._password_policy.require_acceptable(password, field="password", name=name, email=email)
        now = self._clock.now()
        user = User(
            id=self._ids.new(),
            name=name,
            email=email,
            password_hash=await self._password_hasher.hash(password),
            roles=frozenset({Role.CUSTOMER}),
            enabled=True,
            created_at=now,
        )
        account = Account(
            id=self._ids.new(),
            user_id=user.id,
            balance=self._welcome_credit,
            minimum_balance=Money.zero(self._welcome_credit.currency),
            created_at=now,
        )
        issued_tokens: list[SessionToken] = []
        work = partial(self._sign_up, command, user, account, issued_tokens)
        return await self._transactions.write(work, retryable=True)

    async def _sign_up(
        self,
        command: SignUp,
        user: User,
        account: Account,
        issued_tokens: list[SessionToken],
        uow: UnitOfWork,
    ) -> SignedUp:
        current_session = await self._authenticator.resolve_for_sign_in(
            uow, command.session, issued_tokens
        )
        existing = await find_by_email(uow, user.email)
        if existing is None:
            uow.users.add(user)
            carts = SessionCarts.for_new_user(uow, user.id)
            uow.accounts.add(account)
            if account.balance.amount:
                uow.transfers.add(welcome_transfer(account, id=self._ids.new()))
        elif existing.id != user.id:
            raise EmailTaken
        else:
            # An earlier attempt, whose outcome was unknown, was committed.
            carts = await SessionCarts.for_sign_in(uow, current_session.session, user.id)
        current_session = self._authenticator.sign_in(
            uow, current_session, user, issued_tokens, carts
        )
        await uow.commit()
        return SignedUp(user=user, account=account, current_session=current_session)
