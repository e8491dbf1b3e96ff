"""The parts of a shop that a test brings along."""

from dataclasses import dataclass

from tests.clock import ScriptedClock
from tests.doubles import CountingIds
from tests.property.gateways import FatedGateway


@dataclass(frozen=True, slots=True)
class Parts:
    """What in a shop is a test's own."""

    clock: ScriptedClock
    ids: CountingIds
    gateway: FatedGateway
