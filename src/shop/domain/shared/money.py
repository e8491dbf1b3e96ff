"""Money: whole minor units of one currency."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from shop.domain.shared.errors import InvalidValue

MAX_AMOUNT = 10**15
"""The largest amount, in minor units: below 2**53, so that every JSON reader keeps it exact."""

_ACTIVE_CODES = frozenset(
    """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN
    BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL
    GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF
    KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN
    MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD
    SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH
    UGX USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
    """.split()
)

_WITHOUT_MINOR_UNIT = frozenset(
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split()
)
_WITH_THOUSANDTHS = frozenset("BHD IQD JOD KWD LYD OMR TND".split())


class Currency(str):
    """An active currency code of ISO 4217, such as ``EUR``."""

    __slots__ = ()

    @property
    def decimals(self) -> int:
        """The number of decimal digits of the minor unit, by ISO 4217."""
        if self in _WITHOUT_MINOR_UNIT:
            return 0
        return 3 if self in _WITH_THOUSANDTHS else 2

    def __new__(cls, code: str) -> Self:
        """Return the currency of this code; raise `InvalidValue` for any other word."""
        if code not in _ACTIVE_CODES:
            raise InvalidValue(field="currency", rule=f"{code!r} is no active code of ISO 4217")
        return super().__new__(cls, code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """An amount in whole minor units (cents) of a currency; it may be negative."""

    amount: int
    currency: Currency

    def __post_init__(self) -> None:
        if abs(self.amount) > MAX_AMOUNT:
            raise InvalidValue(
                field="amount", rule=f"an amount is at most {MAX_AMOUNT} minor units"
            )

    def __add__(self, other: "Money") -> "Money":
        self._require_same_currency(other)
        return Money(amount=self.amount + other.amount, currency=self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._require_same_currency(other)
        return Money(amount=self.amount - other.amount, currency=self.currency)

    def __mul__(self, factor: int) -> "Money":
        return Money(amount=self.amount * factor, currency=self.currency)

    def __neg__(self) -> "Money":
        return Money(amount=-self.amount, currency=self.currency)

    def __lt__(self, other: "Money") -> bool:
        self._require_same_currency(other)
        return self.amount < other.amount

    def __str__(self) -> str:
        whole = Decimal(self.amount).scaleb(-self.currency.decimals)
        return f"{whole:.{self.currency.decimals}f} {self.currency}"

    @classmethod
    def zero(cls, currency: Currency) -> Self:
        """Return nothing of a currency."""
        return cls(amount=0, currency=currency)

    @classmethod
    def total(cls, parts: Iterable["Money"], currency: Currency) -> "Money":
        """Add the parts up; no parts make zero."""
        return sum(parts, start=cls.zero(currency))

    def require_positive(self) -> None:
        """Raise `InvalidValue` unless there is something to move."""
        if self.amount <= 0:
            raise InvalidValue(field="amount", rule="an amount to move is positive")

    def require_currency(self, currency: Currency) -> None:
        """Raise `InvalidValue` unless this is money of that currency."""
        if self.currency != currency:
            raise InvalidValue(
                field="currency", rule=f"{currency} is used here, not {self.currency}"
            )

    def _require_same_currency(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise InvalidValue(
                field="currency", rule=f"{self.currency} and {other.currency} differ"
            )
