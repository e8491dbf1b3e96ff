"""What a refund consists of: pieces of lines, and shipping, at what was paid for them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from shop.domain.pricing.arithmetic import divide_half_up, share_out
from shop.domain.pricing.kept_line import KeptLine
from shop.domain.shared.line_quantity import LineQuantity
from shop.domain.shared.value import value


@value
class RefundPart:
    """Pieces of a line, or shipping, which has no SKU: the amount, and the tax in it."""

    sku: str | None
    quantity: int
    amount: int
    tax: int


def parts_of_lines(
    lines: Mapping[str, KeptLine], refunded: Counter[str], pieces: Iterable[LineQuantity]
) -> Sequence[RefundPart]:
    """Return what pieces are worth after those that were refunded before.

    The parts of one line depend on no other line. Refunded piece by piece or together, they sum to
    what was paid for the line.
    """
    return [
        RefundPart(
            sku=each.sku,
            quantity=each.quantity,
            amount=lines[each.sku].value_of(before=refunded[each.sku], count=each.quantity),
            tax=lines[each.sku].tax_of(before=refunded[each.sku], count=each.quantity),
        )
        for each in pieces
    ]


def part_of_shipping(shipping: KeptLine) -> RefundPart:
    """Return what was paid for shipping; free shipping is worth 0."""
    return RefundPart(sku=None, quantity=1, amount=shipping.paid, tax=shipping.tax)


def fit_to(amount: int, parts: Sequence[RefundPart]) -> Sequence[RefundPart]:
    """Reduce parts to an amount that is refunded for all of them, in proportion.

    The parts stay as they are if the amount is larger: what exceeds them belongs to no part.
    """
    worth = [part.amount for part in parts]
    if amount >= sum(worth):
        return parts
    shares = share_out(amount, worth)
    return [_reduce(part, share) for part, share in zip(parts, shares, strict=True)]


def _reduce(part: RefundPart, amount: int) -> RefundPart:
    tax = divide_half_up(part.tax * amount, part.amount) if part.amount else 0
    return replace(part, amount=amount, tax=tax)
