"""How hard random tests try: a little in every `make test`, and more in `make simulate`."""

import os
from dataclasses import dataclass

from hypothesis import HealthCheck, settings

VARIABLE = "SHOP_HYPOTHESIS_PROFILE"
"""The variable of the environment that chooses the effort."""

COMMON = settings(
    deadline=None,
    print_blob=True,
    database=None,
    # A step asks three databases: that is slow for hypothesis, and meant.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
REPEATABLE = settings(COMMON, derandomize=True, max_examples=10, stateful_step_count=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """The numbers of examples, and how often a history is audited."""

    profile: settings = REPEATABLE
    memory_batches: int
    sqlite_batches: int
    postgresql_batches: int
    history_batches: int
    steps_per_audit: int
    queues: int
    reconciliations: int
    requests_per_route: int
    small_histories: int


EFFORTS = {
    "shop": Effort(
        memory_batches=8,
        sqlite_batches=1,
        postgresql_batches=1,
        history_batches=3,
        steps_per_audit=5,
        queues=100,
        reconciliations=80,
        requests_per_route=8,
        small_histories=500,
    ),
    "simulation": Effort(
        memory_batches=20,
        sqlite_batches=2,
        postgresql_batches=1,
        history_batches=4,
        steps_per_audit=1,
        queues=300,
        reconciliations=200,
        requests_per_route=25,
        small_histories=5_000,
    ),
    "thorough": Effort(
        profile=settings(COMMON, max_examples=1_000, stateful_step_count=60),
        memory_batches=1,
        sqlite_batches=1,
        postgresql_batches=1,
        history_batches=1,
        steps_per_audit=1,
        queues=1_000,
        reconciliations=1_000,
        requests_per_route=25,
        small_histories=5_000,
    ),
}
"""Those of `make test`, those of `make simulate`, and many that are others each time."""

EFFORT = EFFORTS[os.environ.get(VARIABLE, "shop")]
