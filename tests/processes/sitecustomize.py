"""What the shop's processes do otherwise where tests have them so: Python runs this at their start.

A password costs next to nothing; time passes when a test says so; locks are waited for briefly.
That the real ones are in place is proven elsewhere: in
`tests/entrypoints/http/security/test_request_security.py`, and by every other clock.
"""

import os
from datetime import datetime
from pathlib import Path

from shop.adapters.system import password_hasher
from shop.adapters.system.clock import SystemClock
from tests.processes.advanceable_clock import OFFSET_FILE_VARIABLE, AdvanceableClock
from tests.processes.file_locks import SHORT_WAITS_VARIABLE, shorten_waits
from tests.processes.isolation import SERIALIZABLE_VARIABLE, begin_connections_serializable
from tests.processes.move_kills import KILL_VARIABLE, kill_at_step
from tests.processes.patience import PATIENCE_VARIABLE, wait_at_the_entrance

password_hasher.MEMORY_KIBIBYTES, password_hasher.PASSES = 8, 1
if OFFSET_FILE_VARIABLE in os.environ:
    clock = AdvanceableClock(Path(os.environ[OFFSET_FILE_VARIABLE]))

    def now(self: SystemClock) -> datetime:
        del self
        return clock.now()

    SystemClock.now = now  # type: ignore[method-assign]
if SHORT_WAITS_VARIABLE in os.environ:
    shorten_waits()
if KILL_VARIABLE in os.environ:
    kill_at_step()
if PATIENCE_VARIABLE in os.environ:
    wait_at_the_entrance()
if SERIALIZABLE_VARIABLE in os.environ:
    begin_connections_serializable()
