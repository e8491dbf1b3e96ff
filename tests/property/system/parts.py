"""The parts of a shop that a test brings along."""

from dataclasses import dataclass

from tests.clock import FakeClock
from tests.doubles import SequentialIds
from tests.property.system.scripted_gateway import ScriptedGateway


@dataclass(frozen=True, slots=True)
class ControlledAdapters:
    """What in a shop is a test's own."""

    clock: FakeClock
    ids: SequentialIds
    gateway: ScriptedGateway
