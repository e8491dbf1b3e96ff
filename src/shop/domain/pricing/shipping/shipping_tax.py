"""How shipping is taxed; each kind is a module of this package."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from shop.domain.pricing.taxes.calculation import ShippingPortion
from shop.domain.pricing.taxes.tax_group import TaxGroup
from shop.domain.pricing.taxes.treatments import TaxTreatments


class ShippingTax(ABC):
    """One kind of rate for shipping; `depends_on_amounts` says that discounts matter."""

    depends_on_amounts: ClassVar[bool] = False

    @abstractmethod
    def portions(
        self,
        price: int,
        groups: Sequence[TaxGroup],
        left: Sequence[int],
        treatments: TaxTreatments,
    ) -> Sequence[ShippingPortion]:
        """Divide a price among rates.

        `groups` has the lines that ship, one group for each rate and reason, in the order of these
        lines; `left` is what is left of each line of the cart.
        """
