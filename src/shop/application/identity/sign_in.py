"""Signs users in by their passwords, and changes passwords."""

from functools import partial

from shop.application.identity.authentication import CurrentSession, SessionAuthenticator
from shop.application.identity.email_lookup import find_by_email
from shop.application.identity.password_policy import PasswordPolicy, find_matching_form
from shop.application.identity.session_carts import SessionCarts
from shop.application.ports.password_hasher import PasswordHasher
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.runner import TransactionRunner
from shop.domain.password import normalise_password, password_forms
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.value import value
from shop.domain.user import InvalidCredentials, User, WrongPassword, normalise_email


@value
class SignIn:
    """Sign a user in; the cart of the token's session becomes part of the customer's."""

    session: SessionToken | None
    email: str
    password: str


@value
class ChangePassword:
    """Replace the current password with a new one."""

    session: SessionToken | None
    current: str
    new: str


class SignInService:
    """Signs users in, and changes passwords."""

    def __init__(
        self,
        transactions: TransactionRunner,
        authenticator: SessionAuthenticator,
        password_hasher: PasswordHasher,
        password_policy: PasswordPolicy,
    ) -> None:
        self._transactions = transactions
        self._authenticator = authenticator
        self._password_hasher = password_hasher
        self._password_policy = password_policy

    async def sign_in(self, command: SignIn) -> CurrentSession:
        """Sign the user in under a new token.

        Raise `InvalidCredentials`; a wrong address and a wrong password take the same time.
        """
        user = await self._transactions.read(partial(self._find_user, command.email))
        matching_form = await find_matching_form(
            self._password_hasher, user.password_hash if user else None, command.password
        )
        if user is None or matching_form is None:
            raise InvalidCredentials
        password_hash = user.password_hash
        form = password_forms(command.password)[0]
        if matching_form != form or self._password_hasher.is_outdated(password_hash):
            password_hash = await self._password_hasher.hash(form)
        issued_tokens: list[SessionToken] = []
        work = partial(self._sign_in, command.session, user, password_hash, issued_tokens)
        current_session = await self._transactions.write(work, retryable=True)
        # Without a session, the hash changed meanwhile: a parallel request set a new password, or
        # renewed the hash of this one.
        return current_session or await self.sign_in(command)

    async def _find_user(self, email: str, uow: UnitOfWork) -> User | None:
        try:
            normalised_email = normalise_email(email)
        except InvalidValue:
            return None
        return await find_by_email(uow, normalised_email)

    async def _sign_in(
        self,
        token: SessionToken | None,
        verified_user: User,
        password_hash: str,
        issued_tokens: list[SessionToken],
        uow: UnitOfWork,
    ) -> CurrentSession | None:
        current_session = await self._authenticator.resolve_for_sign_in(uow, token, issued_tokens)
        user = (await uow.users.lock([verified_user.id]))[verified_user.id]
        if not user.enabled:
            raise InvalidCredentials
        if user.password_hash not in {verified_user.password_hash, password_hash}:
            return None
        if user.password_hash != password_hash:
            user = user.with_password_hash(password_hash)
            uow.users.save(user)
        carts = await SessionCarts.for_sign_in(uow, current_session.session, user.id)
        current_session = self._authenticator.sign_in(
            uow, current_session, user, issued_tokens, carts
        )
        await uow.sessions.revoke_oldest(
            user.id,
            keep=self._authenticator.policy.per_user - 1,
            except_session_id=current_session.session.id,
        )
        await uow.commit()
        return current_session

    async def change_password(self, command: ChangePassword) -> CurrentSession:
        """Replace the user's password, and revoke all of the user's other sessions.

        Raise `NotSignedIn`, `SessionExpired`, `InvalidValue`, or `WrongPassword` if the
        current password is wrong.
        """
        new_password = normalise_password(command.new, field="new")

        async def current_user(uow: UnitOfWork) -> User:
            return await self._authenticator.require_user(uow, command.session)

        user = await self._transactions.read(current_user)
        current_form = await find_matching_form(
            self._password_hasher, user.password_hash, command.current
        )
        if current_form is None:
            raise WrongPassword
        self._password_policy.require_acceptable(
            new_password, field="new", name=user.name, email=user.email
        )
        password_hash = await self._password_hasher.hash(new_password)
        work = partial(self._change_password, command.session, user, password_hash)
        # Not retryable: after a commit, the session is no longer found under its old token.
        return await self._transactions.write(work, retryable=False)

    async def _change_password(
        self, token: SessionToken | None, verified_user: User, password_hash: str, uow: UnitOfWork
    ) -> CurrentSession:
        current_session = await self._authenticator.require_signed_in_for_update(uow, token)
        user = (await uow.users.lock([verified_user.id]))[verified_user.id]
        if user.password_hash != verified_user.password_hash:
            raise WrongPassword
        user = user.with_password_hash(password_hash)
        uow.users.save(user)
        carts = await SessionCarts.for_sign_in(uow, current_session.session, user.id)
        current_session = self._authenticator.sign_in(uow, current_session, user, [], carts)
        await uow.sessions.revoke_all(user.id, except_session_id=current_session.session.id)
        await uow.commit()
        return current_session
