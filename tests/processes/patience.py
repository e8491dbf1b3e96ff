"""No shedding of requests that have waited, in the processes of tests that count all answers.

On a busy machine a burst takes longer than the shop lets requests wait. That it sheds them then is
proven in `tests/application/transactions/test_overload.py` and `tests/entrypoints/http`.
"""

PATIENCE_VARIABLE = "TESTS_PATIENT_ENTRANCE"
"""The variable of the environment that asks for it."""


def wait_at_the_entrance() -> None:
    """Let requests wait for as long as tests wait for an event."""
    # Processes that shed as usual do not import the shop's middleware before they need it.
    from shop.entrypoints.http.middleware import entrance  # noqa: PLC0415
    from tests.timeouts import TEST_TIMEOUT_SECONDS  # noqa: PLC0415

    entrance.TARGET_SECONDS = TEST_TIMEOUT_SECONDS
