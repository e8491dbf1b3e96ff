"""Outcomes of actions as plain values, and those that the shop must reject."""

Outcome = dict[str, object]


class Rejection(Exception):
    """What the shop must say instead of doing it."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.outcome: Outcome = {"rejected": code, **facts}


def require(name: str, condition: bool, rule: str) -> None:  # noqa: FBT001  It reads as a sentence.
    if not condition:
        raise Rejection("invalid-value", field=name, rule=rule)


def require_quantity(quantity: int) -> None:
    require("quantity", 1 <= quantity <= 10_000, "must be 1 to 10000")
