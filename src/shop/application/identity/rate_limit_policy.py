"""The rate limits of requests that could be misused: how many, and in which time."""

from datetime import timedelta

from shop.domain.rate_limit import RateLimit
from shop.domain.shared.value import value

UNBOUNDED = 10**9
"""For limits whose hits are counted, but reject nothing by themselves."""

FIRST_DELAY = timedelta(seconds=1)
MAX_DELAY = timedelta(minutes=15)
"""A guess every quarter of an hour harms no password that is not in every list."""

KNOWN_ADDRESS = RateLimit(name="known address", max_hits=UNBOUNDED, window=timedelta(days=30))
"""The addresses from which a user has signed in, for as long as a session can live."""


@value
class RateLimitPolicy:
    """How many requests of a kind are allowed in the time that belongs to it."""

    failures_per_account: int
    failures_per_address: int
    failures_per_password: int
    sign_ups_per_address: int
    visitor_sessions_per_address: int
    unknown_recipients_per_customer: int
    unknown_codes_per_customer: int
    letters_to_others_per_customer: int

    @property
    def address_failures(self) -> RateLimit:
        """Failed sign-ins from one address, whatever the account."""
        return RateLimit(
            name="failed sign-in from address",
            max_hits=self.failures_per_address,
            window=timedelta(minutes=15),
        )

    @property
    def password_failures(self) -> RateLimit:
        """Failed sign-ins with one password, whatever the account and the address."""
        return RateLimit(
            name="failed sign-in with password",
            max_hits=self.failures_per_password,
            window=timedelta(hours=1),
        )

    @property
    def sign_ups(self) -> RateLimit:
        """Sign-ups from one address, rejected ones included."""
        return RateLimit(
            name="sign-up", max_hits=self.sign_ups_per_address, window=timedelta(hours=1)
        )

    @property
    def visitor_sessions(self) -> RateLimit:
        """New sessions of visitors from one address."""
        return RateLimit(
            name="visitor session",
            max_hits=self.visitor_sessions_per_address,
            window=timedelta(hours=1),
        )

    @property
    def unknown_recipients(self) -> RateLimit:
        """Transfers of one customer to addresses that belong to no customer."""
        return RateLimit(
            name="unknown recipient",
            max_hits=self.unknown_recipients_per_customer,
            window=timedelta(hours=1),
        )

    @property
    def unknown_codes(self) -> RateLimit:
        """Codes of one customer or visitor that no promotion has."""
        return RateLimit(
            name="unknown code",
            max_hits=self.unknown_codes_per_customer,
            window=timedelta(hours=1),
        )

    @property
    def letters_to_others(self) -> RateLimit:
        """Letters about orders of one customer to other addresses than the customer's."""
        return RateLimit(
            name="letter to other address",
            max_hits=self.letters_to_others_per_customer,
            window=timedelta(days=1),
        )
