"""Arithmetic of whole amounts: rounding, and sharing so that nothing is left."""

from collections.abc import Sequence


def divide_half_up(dividend: int, divisor: int) -> int:
    """Divide a non-negative number by a positive one, and round half up."""
    return (2 * dividend + divisor) // (2 * divisor)


def share_out(whole: int, weights: Sequence[int]) -> list[int]:
    """Share a whole by weight: largest remainders first, then by position.

    The shares sum to the whole, and each is its exact share rounded down or up. So none is
    negative, and none exceeds its weight unless the whole exceeds all of them together. Raise
    `ValueError` if there is something to share and nothing has a weight.
    """
    if not whole:
        return [0] * len(weights)
    total = sum(weights)
    if not total:
        raise ValueError(f"cannot share {whole} among weights of 0")
    shares = [whole * weight // total for weight in weights]
    missing = whole - sum(shares)
    if missing:
        remainders = [whole * weight % total for weight in weights]
        # A sort keeps the order of what is equal, also if it is reversed.
        by_remainder = sorted(range(len(weights)), key=remainders.__getitem__, reverse=True)
        for position in by_remainder[:missing]:
            shares[position] += 1
    return shares


def share_of_pieces(whole: int, quantity: int, *, before: int, count: int) -> int:
    """Return the share of `count` pieces of a line, after `before` other pieces.

    All pieces weigh the same, and the last ones get the remainder: of 4, three pieces have 1, 1
    and 2. In whatever parts the pieces are taken, their shares sum to the whole.
    """
    up_to_these = _of_first_pieces(whole, quantity, before + count)
    return up_to_these - _of_first_pieces(whole, quantity, before)


def _of_first_pieces(whole: int, quantity: int, pieces: int) -> int:
    each, larger = divmod(whole, quantity)
    return pieces * each + max(0, pieces - (quantity - larger))
