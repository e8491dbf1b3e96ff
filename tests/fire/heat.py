"""How often something is cut or killed: seldom in `make test`, as often as asked in `make fire`."""

import os
from dataclasses import dataclass


def _number(name: str, usual: int) -> int:
    return int(os.environ.get(f"SHOP_FIRE_{name}") or usual)


@dataclass(frozen=True, kw_only=True)
class Heat:
    """The numbers of faults, and the seed of what is chosen at random."""

    cuts: int
    database_kills: int
    server_kills: int
    seed: str


HEAT = Heat(
    cuts=_number("CUTS", 22),
    database_kills=_number("DATABASE_KILLS", 2),
    server_kills=_number("SERVER_KILLS", 1),
    seed=os.environ.get("SHOP_FIRE_SEED") or "fire",
)
