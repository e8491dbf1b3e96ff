"""Groups of lines that are taxed alike."""

from collections.abc import Sequence

from shop.domain.pricing.cart_to_quote import LineToQuote
from shop.domain.pricing.taxes.tax_rule import TaxTreatment
from shop.domain.pricing.taxes.treatments import TaxTreatments


class TaxGroup:
    """The positions of lines with one rate and reason, and of those that ship.

    A rate with two names is shown by the name that comes first.
    """

    __slots__ = ("positions", "shipped", "treatment")

    def __init__(self, treatment: TaxTreatment) -> None:
        self.treatment = treatment
        self.positions: list[int] = []
        self.shipped: list[int] = []


def group_lines(lines: Sequence[LineToQuote], treatments: TaxTreatments) -> Sequence[TaxGroup]:
    """Return the groups in the order of their first lines."""
    groups: dict[tuple[int, str | None], TaxGroup] = {}
    by_category: dict[str, TaxGroup] = {}
    for position, line in enumerate(lines):
        group = by_category.get(line.tax_category)
        if group is None:
            treatment = treatments.of(line.tax_category)
            key = treatment.rate, treatment.reason
            group = groups.setdefault(key, TaxGroup(treatment))
            by_category[line.tax_category] = group
        group.positions.append(position)
        if line.ships:
            group.shipped.append(position)
    return list(groups.values())
