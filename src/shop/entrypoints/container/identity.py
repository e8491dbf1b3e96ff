"""Identity: who sends a request, and with which roles."""

from dependency_injector import providers

from shop.application.identity.access import AccessService
from shop.application.identity.address_book import AddressBook
from shop.application.identity.authentication import SessionAuthenticator
from shop.application.identity.customer_import import CustomerImport
from shop.application.identity.customers import CustomerQueries
from shop.application.identity.guest_purge import PurgeGuests
from shop.application.identity.limited_sign_in import LimitedSignIn
from shop.application.identity.password_policy import PasswordPolicy
from shop.application.identity.roles import RoleService
from shop.application.identity.sessions import SessionService
from shop.application.identity.sign_in import SignInService
from shop.application.identity.sign_up import SignUpService
from shop.application.identity.visitor_sessions import VisitorSessions
from shop.entrypoints.container.transactions import TransactionContainer as Base


class IdentityContainer(Base):
    """The use cases around users and sessions."""

    session_authenticator = providers.Singleton(
        SessionAuthenticator, Base.policies.provided.session, Base.clock, Base.id_generator
    )
    session_service = providers.Singleton(
        SessionService,
        Base.transaction_runner,
        session_authenticator,
        Base.clock,
        Base.command_queues,
    )
    password_policy = providers.Singleton(PasswordPolicy, Base.common_passwords)
    sign_in_service = providers.Singleton(
        SignInService,
        Base.transaction_runner,
        session_authenticator,
        Base.password_hasher,
        password_policy,
    )
    sign_up_service = providers.Singleton(
        SignUpService,
        Base.transaction_runner,
        session_authenticator,
        Base.password_hasher,
        password_policy,
        Base.clock,
        Base.id_generator,
        welcome_credit=Base.policies.provided.welcome_credit,
    )
    access_service = providers.Singleton(
        AccessService, Base.transaction_runner, session_authenticator
    )
    address_book = providers.Singleton(
        AddressBook,
        Base.transaction_runner,
        session_authenticator,
        Base.postal_rules,
        Base.clock,
        Base.id_generator,
    )
    customer_queries = providers.Singleton(
        CustomerQueries, Base.transaction_runner, Base.settings.provided.currency
    )
    customer_import = providers.Singleton(
        CustomerImport,
        Base.transaction_runner,
        Base.clock,
        Base.id_generator,
        welcome_credit=Base.policies.provided.welcome_credit,
    )
    limited_sign_in = providers.Singleton(
        LimitedSignIn,
        Base.transaction_runner,
        sign_in_service,
        sign_up_service,
        Base.rate_limiter,
        Base.policies.provided.rate_limits,
    )
    visitor_sessions = providers.Singleton(
        VisitorSessions, Base.rate_limiter, Base.policies.provided.rate_limits
    )
    purge_guests = providers.Singleton(
        PurgeGuests, Base.transaction_runner, Base.policies.provided.session, Base.clock
    )
    role_service = providers.Singleton(RoleService, Base.transaction_runner)
