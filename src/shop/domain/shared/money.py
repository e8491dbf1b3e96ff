"""Money: minor units of one currency."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Self

from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.value import value

MAX_AMOUNT = 10**15
"""In minor units; below 2**53, so that every JSON parser keeps it exact."""

ACTIVE_CODES = frozenset(
    """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN
    BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL
    GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF
    KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN
    MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD
    SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH
    UGX USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
    """.split()
)
"""The codes of ISO 4217 in which customers can pay: without funds, metals and test codes."""

_WITHOUT_MINOR_UNIT = frozenset(
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split()
)
_WITH_THOUSANDTHS = frozenset("BHD IQD JOD KWD LYD OMR TND".split())


class Currency(str):
    """An active currency code of ISO 4217, such as ``EUR``."""

    __slots__ = ()

    @property
    def decimals(self) -> int:
        """The number of decimal digits (ISO 4217)."""
        if self in _WITHOUT_MINOR_UNIT:
            return 0
        return 3 if self in _WITH_THOUSANDTHS else 2

    def __new__(cls, code: str) -> Self:
        """Check the code; raise `InvalidValue` if it is not active."""
        if code not in ACTIVE_CODES:
            rule = f"must be an active ISO 4217 code, not {code!r}"
            raise InvalidValue(field="currency", rule=rule)
        return super().__new__(cls, code)


@value
class Money:
    """An amount in minor units (cents) of a currency, possibly negative."""

    amount: int
    currency: Currency

    def __post_init__(self) -> None:
        if abs(self.amount) > MAX_AMOUNT:
            raise InvalidValue(field="amount", rule=f"must be at most {MAX_AMOUNT} minor units")

    def __add__(self, other: "Money") -> "Money":
        other.require_currency(self.currency)
        return Money(amount=self.amount + other.amount, currency=self.currency)

    def __sub__(self, other: "Money") -> "Money":
        other.require_currency(self.currency)
        return Money(amount=self.amount - other.amount, currency=self.currency)

    def __mul__(self, factor: int) -> "Money":
        return Money(amount=self.amount * factor, currency=self.currency)

    def __neg__(self) -> "Money":
        return Money(amount=-self.amount, currency=self.currency)

    def __lt__(self, other: "Money") -> bool:
        other.require_currency(self.currency)
        return self.amount < other.amount

    def __str__(self) -> str:
        whole = Decimal(self.amount).scaleb(-self.currency.decimals)
        return f"{whole:.{self.currency.decimals}f} {self.currency}"

    @classmethod
    def zero(cls, currency: Currency) -> Self:
        """Return the amount 0 in a currency."""
        return cls(amount=0, currency=currency)

    @classmethod
    def total(cls, parts: Iterable["Money"], currency: Currency) -> "Money":
        """Add amounts of one currency."""
        amount = 0
        for part in parts:
            part.require_currency(currency)
            amount += part.amount
        return cls(amount=amount, currency=currency)

    def require_positive(self) -> None:
        """Raise `InvalidValue` unless the amount is positive."""
        if self.amount <= 0:
            raise InvalidValue(field="amount", rule="must be positive")

    def require_currency(self, currency: Currency) -> None:
        """Raise `InvalidValue` if the currency is another one."""
        if self.currency != currency:
            raise InvalidValue(field="currency", rule=f"must be {currency}, not {self.currency}")
