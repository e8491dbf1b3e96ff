"""Groups of lines that are taxed alike."""

from collections.abc import Sequence

from shop.domain.pricing.cart_to_quote import LineToQuote
from shop.domain.pricing.taxes.tax_rule import TaxTreatment
from shop.domain.pricing.taxes.treatments import TaxTreatments


class TaxGroup:
    """The positions of the lines of one rate and reason, and of those among them that ship.

    A rate that has two names is shown by the one that comes first.
    """

    __slots__ = ("positions", "shipped", "treatment")

    def __init__(self, treatment: TaxTreatment) -> None:
        self.treatment = treatment
        self.positions: list[int] = []
        self.shipped: list[int] = []


def group_lines(lines: Sequence[LineToQuote], treatments: TaxTreatments) -> Sequence[TaxGroup]:
    """Return the groups in the order in which the lines have them."""
    groups: dict[tuple[int, str | None], TaxGroup] = {}
    for position, line in enumerate(lines):
        treatment = treatments.of(line.tax_category)
        key = treatment.rate, treatment.reason
        group = groups.get(key)
        if group is None:
            group = groups[key] = TaxGroup(treatment)
        group.positions.append(position)
        if line.ships:
            group.shipped.append(position)
    return list(groups.values())
