"""What a refund consists of: pieces of lines, and shipping, at what was paid for them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Self

from shop.domain.orders.order import Order
from shop.domain.orders.refund import Refund
from shop.domain.pricing.arithmetic import divide_half_up, share_out
from shop.domain.pricing.kept_line import KeptLine
from shop.domain.shared.line_quantity import LineQuantity, quantities_by_sku
from shop.domain.shared.value import value


@value
class RefundPart:
    """Pieces of a line, or shipping, which has no SKU: the amount, and the tax in it."""

    sku: str | None
    quantity: int
    amount: int
    tax: int


@value
class Refundable:
    """What is left of a paid order: pieces, shipping unless all of it was refunded, money, tax.

    The money can be less than the pieces are worth, if an amount was refunded for none of them. Tax
    never exceeds money.
    """

    lines: Mapping[str, KeptLine]
    refunded: Counter[str]
    shipping: KeptLine | None
    shipping_refunded: int
    money: int
    tax: int

    @classmethod
    def of(cls, order: Order, refunds: Iterable[Refund]) -> Self:
        """Return what the refunds of a paid order have left of it."""
        made = tuple(refunds)
        pricing = order.full_pricing
        shipping = pricing.kept_shipping
        shipping_refunded = sum(each.shipping_amount for each in made)
        is_shipping_left = not shipping_refunded or shipping_refunded < shipping.paid
        skus = (line.sku for line in order.lines)
        return cls(
            lines=dict(zip(skus, pricing.lines, strict=True)),
            refunded=quantities_by_sku(line for each in made for line in each.lines),
            shipping=shipping if is_shipping_left else None,
            shipping_refunded=shipping_refunded,
            money=order.total.amount - sum(each.amount.amount for each in made),
            tax=pricing.totals.tax - sum(each.tax for each in made),
        )

    @property
    def pieces(self) -> Sequence[LineQuantity]:
        """All pieces that were not refunded."""
        return [
            LineQuantity(sku=sku, quantity=line.quantity - self.refunded[sku])
            for sku, line in self.lines.items()
            if line.quantity > self.refunded[sku]
        ]

    def parts(
        self, pieces: Iterable[LineQuantity], *, with_shipping: bool, amount: int | None
    ) -> Sequence[RefundPart]:
        """Return what pieces, and shipping if it is left, are refunded.

        They are worth what was paid for them: the parts of one line depend on no other line, and in
        whatever parts a line is refunded, they sum to what it cost. Parts are reduced to `amount`,
        or to the money that is left, in proportion. What exceeds them belongs to no part. Taxes are
        reduced to the tax that is left, because an earlier amount may have taken some of theirs.
        """
        parts = [self._part_of(each) for each in pieces]
        if with_shipping and self.shipping is not None:
            parts.append(self._part_of_shipping(self.shipping.paid - self.shipping_refunded))
        return _fit_taxes(self._fit(parts, self.money if amount is None else amount), self.tax)

    def tax_of(self, parts: Sequence[RefundPart], amount: int) -> int:
        """Return the tax of a refund: that of its parts, and of what belongs to no part.

        The latter has tax in proportion to what the parts leave. The refund of all money returns
        all tax, and no refund leaves more tax than money.
        """
        tax = sum(part.tax for part in parts)
        if for_no_part := amount - sum(part.amount for part in parts):
            left = self.money - amount + for_no_part
            tax += divide_half_up((self.tax - tax) * for_no_part, left)
        return min(max(tax, self.tax - (self.money - amount)), self.tax, amount)

    def _part_of(self, pieces: LineQuantity) -> RefundPart:
        line, count = self.lines[pieces.sku], pieces.quantity
        before = self.refunded[pieces.sku]
        return RefundPart(
            sku=pieces.sku,
            quantity=count,
            amount=line.value_of(before=before, count=count),
            tax=line.tax_of(before=before, count=count),
        )

    def _part_of_shipping(self, amount: int) -> RefundPart:
        before = self._tax_of_shipping(self.shipping_refunded)
        tax = self._tax_of_shipping(self.shipping_refunded + amount) - before
        return RefundPart(sku=None, quantity=1, amount=amount, tax=tax)

    def _tax_of_shipping(self, amount: int) -> int:
        """Return the tax in the first of what was paid for shipping."""
        if self.shipping is None or not self.shipping.paid:
            return 0
        return divide_half_up(self.shipping.tax * amount, self.shipping.paid)

    def _fit(self, parts: Sequence[RefundPart], amount: int) -> Sequence[RefundPart]:
        worth = [part.amount for part in parts]
        if amount >= sum(worth):
            return parts
        shares = share_out(amount, worth)
        return [self._reduce(part, share) for part, share in zip(parts, shares, strict=True)]

    def _reduce(self, part: RefundPart, amount: int) -> RefundPart:
        if part.sku is None:
            return self._part_of_shipping(amount)
        tax = divide_half_up(part.tax * amount, part.amount) if part.amount else 0
        return replace(part, amount=amount, tax=tax)


def _fit_taxes(parts: Sequence[RefundPart], tax: int) -> Sequence[RefundPart]:
    taxes = [part.tax for part in parts]
    if tax >= sum(taxes):
        return parts
    shares = share_out(tax, taxes)
    return [replace(part, tax=share) for part, share in zip(parts, shares, strict=True)]
