"""How shipping is taxed; each kind is a module of this package."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from shop.domain.pricing.taxes.calculation import Portion
from shop.domain.pricing.taxes.tax_rule import TaxTreatment
from shop.domain.pricing.taxes.treatments import TaxTreatments
from shop.domain.shared.value import value


@value
class ShippedGoodsTax:
    """How some of the lines that ship are taxed: what is left of them, and how many they are."""

    treatment: TaxTreatment
    amount: int
    lines: int


class ShippingTax(ABC):
    """One kind of rate for shipping."""

    depends_on_amounts: ClassVar[bool] = False

    @abstractmethod
    def portions(
        self, price: int, goods: Sequence[ShippedGoodsTax], treatments: TaxTreatments
    ) -> Sequence[Portion]:
        """Divide a price; `goods` has each rate and reason of the lines that ship, in order."""
