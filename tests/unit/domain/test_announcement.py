"""Dispatches know how far they have come."""

from datetime import timedelta

import pytest

from shop.domain.notification import NotificationDeliveryStatus
from tests.factories import NOW, dispatch

LATER = NOW + timedelta(seconds=10)


def test_an_attempt_that_went_well_delivers() -> None:
    missed = dispatch().attempt_failed(
        attempt=1, status_code=500, error="answered 500", is_last=False
    )
    assert missed.delivered(attempt=2, status_code=204, at=LATER) == dispatch(
        status=NotificationDeliveryStatus.DELIVERED,
        attempts=2,
        last_status_code=204,
        delivered_at=LATER,
    )


@pytest.mark.parametrize(
    ("is_last", "status"),
    [(False, NotificationDeliveryStatus.PENDING), (True, NotificationDeliveryStatus.FAILED)],
)
def test_an_attempt_that_did_not_is_remembered(
    *, is_last: bool, status: NotificationDeliveryStatus
) -> None:
    missed = dispatch().attempt_failed(
        attempt=3, status_code=None, error="silence", is_last=is_last
    )
    assert missed == dispatch(status=status, attempts=3, last_error="silence")


def test_what_was_given_up_can_be_delivered_later() -> None:
    failed = dispatch(status=NotificationDeliveryStatus.FAILED, attempts=50, last_error="silence")
    assert failed.delivered(attempt=51, status_code=200, at=LATER).status is (
        NotificationDeliveryStatus.DELIVERED
    )


def test_what_is_delivered_stays_so() -> None:
    sent = dispatch().delivered(attempt=1, status_code=200, at=NOW)
    assert sent.attempt_failed(attempt=2, status_code=500, error="late", is_last=True) == sent
    assert sent.delivered(attempt=2, status_code=202, at=LATER) == sent


def test_an_attempt_that_is_told_of_twice_counts_once() -> None:
    once = dispatch().attempt_failed(attempt=1, status_code=None, error="silence", is_last=False)
    assert once.attempt_failed(attempt=1, status_code=None, error="silence", is_last=False) == once
