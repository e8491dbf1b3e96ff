"""Policies: the terms of the use cases, derived from the settings."""

from datetime import timedelta
from urllib.parse import urlsplit

from shop.application.identity.rate_limit_policy import RateLimitPolicy
from shop.application.jobs.retry_policy import RetryPolicy
from shop.application.notifications.events import NotificationPolicy, WebhookEndpoint
from shop.application.notifications.order_links import OrderLinkPolicy
from shop.application.payments.customer_limits import CustomerLimits
from shop.application.payments.payment_policy import PaymentPolicy
from shop.application.pricing.pricing_policy import PricingPolicy
from shop.domain.pricing.places import Destination
from shop.domain.rate_limit import RateLimit
from shop.domain.session import SessionPolicy
from shop.domain.shared.money import Money
from shop.entrypoints.configuration.checks import is_loopback
from shop.entrypoints.configuration.limits import RateLimits
from shop.entrypoints.configuration.settings import Settings

DEVELOPMENT_WELCOME_CREDIT = 100_000
DEVELOPMENT_COUNTRY = "DE"
NOTIFICATION_TIMEOUT_SECONDS = 10


class Policies:
    """Derives the terms of the use cases from the settings."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @property
    def session(self) -> SessionPolicy:
        """When sessions expire."""
        return SessionPolicy(
            idle=timedelta(seconds=self._settings.session_idle_seconds),
            absolute=timedelta(seconds=self._settings.session_absolute_seconds),
            per_user=self._settings.sessions_per_user,
            visitor_idle=timedelta(
                seconds=min(
                    self._settings.visitor_session_idle_seconds,
                    self._settings.session_idle_seconds,
                )
            ),
        )

    @property
    def payment(self) -> PaymentPolicy:
        """The currency of payments, how long they may be pending, and the customers' limits."""
        return PaymentPolicy(
            currency=self._settings.currency,
            pending_timeout=timedelta(seconds=self._settings.pending_payment_timeout_seconds),
            response_timeout=self.gateway_response_timeout,
            action_timeout=timedelta(seconds=self._settings.action_timeout_seconds),
            limits=self._customer_limits,
            allows_guests=self._settings.guest_checkout,
        )

    @property
    def _customer_limits(self) -> CustomerLimits:
        settings = self._settings
        is_limited = settings.rate_limits is RateLimits.ON
        return CustomerLimits(
            pending_orders=settings.pending_orders_per_customer,
            declined_cards=settings.declined_cards_per_customer if is_limited else None,
            quantity_per_line=settings.quantity_per_line,
            deposit_amount=settings.deposit_limit,
        )

    @property
    def pricing(self) -> PricingPolicy:
        """Where the seller is, and how taxes are part of prices."""
        settings = self._settings
        default = None if settings.is_production else DEVELOPMENT_COUNTRY
        country = settings.country or default
        return PricingPolicy(
            currency=settings.currency,
            home=None if country is None else Destination(country=country),
            prices_include_tax=settings.prices_include_tax,
            tax_rounding=settings.tax_rounding,
        )

    @property
    def rate_limits(self) -> RateLimitPolicy:
        """How many requests of a kind are allowed in the time that belongs to it."""
        settings = self._settings
        return RateLimitPolicy(
            failures_per_account=settings.sign_in_failures_per_account,
            failures_per_address=settings.sign_in_failures_per_address,
            failures_per_password=settings.sign_in_failures_per_password,
            sign_ups_per_address=settings.sign_ups_per_address,
            visitor_sessions_per_address=settings.visitor_sessions_per_address,
            unknown_recipients_per_customer=settings.unknown_recipients_per_customer,
            unknown_codes_per_customer=settings.unknown_codes_per_customer,
            letters_to_others_per_customer=settings.letters_to_others_per_customer,
        )

    @property
    def recipient_limit(self) -> RateLimit | None:
        """How many unknown recipients a customer may name; None for any number."""
        is_limited = self._settings.rate_limits is RateLimits.ON
        return self.rate_limits.unknown_recipients if is_limited else None

    @property
    def gateway_response_timeout(self) -> timedelta:
        """The time after which a request to the gateway has ended and can be sent again."""
        settings = self._settings
        return timedelta(
            seconds=settings.gateway_timeout_seconds + settings.job_retry_delay_seconds
        )

    @property
    def gateway_idempotency_window(self) -> timedelta:
        """How long the gateway remembers idempotency keys."""
        return timedelta(seconds=self._settings.gateway_idempotency_seconds)

    @property
    def retry(self) -> RetryPolicy:
        """How long a worker may work on a job, and the delay before a retry."""
        return RetryPolicy(
            lease=timedelta(seconds=self._settings.job_lease_seconds),
            retry_delay=timedelta(seconds=self._settings.job_retry_delay_seconds),
        )

    @property
    def notification(self) -> NotificationPolicy:
        """Who is notified, and of which events."""
        return NotificationPolicy(
            endpoints=tuple(
                WebhookEndpoint(
                    url=each.url,
                    secret=each.secret.get_secret_value(),
                    event_types=each.events,
                )
                for each in self._settings.webhook_endpoints
            ),
            emails_customers=self._settings.smtp_url is not None,
            low_stock_threshold=self._settings.low_stock_threshold,
            rehearses_payments=self._settings.rehearses_payments,
        )

    @property
    def order_links(self) -> OrderLinkPolicy:
        """How letters open orders of guests."""
        return OrderLinkPolicy(
            lifetime=timedelta(seconds=self._settings.order_link_seconds),
            public_url=self._settings.public_url,
        )

    @property
    def notification_timeout_seconds(self) -> float:
        """How long to wait for an endpoint or a mail server: less than a job's lease."""
        return min(NOTIFICATION_TIMEOUT_SECONDS, self._settings.job_lease_seconds / 2)

    @property
    def smtp_url(self) -> str | None:
        """The mail server, with its password."""
        url = self._settings.smtp_url
        return None if url is None else url.get_secret_value()

    @property
    def emails_require_tls(self) -> bool:
        """Whether e-mails are sent over an encrypted connection only."""
        host = urlsplit(self.smtp_url or "").hostname
        return self._settings.is_production and not is_loopback(host)

    @property
    def welcome_credit(self) -> Money:
        """The credit of a new account; by default nothing, except in development."""
        amount = self._settings.welcome_credit
        if amount is None:
            amount = 0 if self._settings.is_production else DEVELOPMENT_WELCOME_CREDIT
        return Money(amount=amount, currency=self._settings.currency)
