"""An endpoint that fails is sent to less and less often, and one that is gone not at all."""

from datetime import timedelta

from shop.domain.endpoint import FIRST_PAUSE, MAX_PAUSE, EndpointStatus
from tests.factories import NOW

WORKING = EndpointStatus.working("https://example.com/hook")


def _after_failures(count: int) -> EndpointStatus:
    status = WORKING
    for _ in range(count):
        status = status.failed(NOW, known_failures=status.failures)
    return status


class TestAnEndpoint:
    def test_may_fail_four_times_in_a_row_without_a_pause(self) -> None:
        status = _after_failures(4)
        assert (status.failures, status.paused_until, status.needs_probe) == (4, None, False)
        assert not status.is_working

    def test_is_paused_for_twice_as_long_after_each_further_failure(self) -> None:
        pauses = [_after_failures(count).paused_until for count in range(5, 13)]
        assert pauses == [
            NOW + min(FIRST_PAUSE * 2**doublings, MAX_PAUSE) for doublings in range(8)
        ]
        assert _after_failures(500).paused_until == NOW + MAX_PAUSE

    def test_is_paused_until_then_and_no_longer(self) -> None:
        status = _after_failures(5)
        last = NOW + FIRST_PAUSE - timedelta(microseconds=1)
        assert (status.is_paused(last), status.is_paused(NOW + FIRST_PAUSE)) == (True, False)

    def test_is_not_paused_longer_by_requests_sent_before_the_pause(self) -> None:
        paused = _after_failures(5)
        assert paused.failed(NOW + timedelta(seconds=9), known_failures=4) == paused

    def test_is_working_after_a_success(self) -> None:
        assert _after_failures(7).succeeded() == WORKING

    def test_stays_disabled_since_the_first_time(self) -> None:
        gone = WORKING.disabled(NOW)
        assert gone.disabled(NOW + FIRST_PAUSE) == gone
        assert gone.succeeded() == gone
        assert not gone.is_working
