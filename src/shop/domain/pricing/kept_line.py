"""A line as an order keeps it, and what its pieces are worth when they come back."""

from shop.domain.pricing.arithmetic import share_of_pieces
from shop.domain.shared.value import value


@value
class KeptLine:
    """A quantity at its list price, with all discounts and the tax of the line.

    Nothing of it is ever computed again: pieces get parts of what is kept. The pieces of a line
    come back one after the other, and the last ones get the remainders. So in whatever parts they
    come back, they are worth what was paid.
    """

    quantity: int
    unit_price: int
    discount: int
    tax: int
    prices_include_tax: bool

    @property
    def amount(self) -> int:
        """The line at its list price."""
        return self.unit_price * self.quantity

    @property
    def paid(self) -> int:
        """What the customer paid for the line."""
        return self.value_of(before=0, count=self.quantity)

    def value_of(self, *, before: int, count: int) -> int:
        """Return what `count` pieces cost, after `before` others have come back."""
        price = self.unit_price * count - self._share(self.discount, before, count)
        return price if self.prices_include_tax else price + self.tax_of(before=before, count=count)

    def tax_of(self, *, before: int, count: int) -> int:
        """Return the tax of these pieces."""
        return self._share(self.tax, before, count)

    def _share(self, whole: int, before: int, count: int) -> int:
        return share_of_pieces(whole, self.quantity, before=before, count=count)
