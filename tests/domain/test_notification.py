"""Notification deliveries record the results of their attempts."""

from datetime import timedelta

import pytest

from shop.domain.notification import NotificationDeliveryStatus
from tests.factories import NOW, notification_delivery

LATER = NOW + timedelta(seconds=10)


def test_successful_attempt_delivers() -> None:
    missed = notification_delivery().attempt_failed(
        attempt=1, status_code=500, error="answered 500", is_last=False
    )
    assert missed.delivered(attempt=2, status_code=204, at=LATER) == notification_delivery(
        status=NotificationDeliveryStatus.DELIVERED,
        attempts=2,
        last_status_code=204,
        delivered_at=LATER,
    )


@pytest.mark.parametrize(
    ("is_last", "status"),
    [(False, NotificationDeliveryStatus.PENDING), (True, NotificationDeliveryStatus.FAILED)],
)
def test_failed_attempt_is_recorded(*, is_last: bool, status: NotificationDeliveryStatus) -> None:
    missed = notification_delivery().attempt_failed(
        attempt=3, status_code=None, error="silence", is_last=is_last
    )
    assert missed == notification_delivery(status=status, attempts=3, last_error="silence")


def test_failed_delivery_can_be_delivered_later() -> None:
    failed = notification_delivery(
        status=NotificationDeliveryStatus.FAILED, attempts=50, last_error="silence"
    )
    assert failed.delivered(attempt=51, status_code=200, at=LATER).status is (
        NotificationDeliveryStatus.DELIVERED
    )


def test_delivered_delivery_stays_delivered() -> None:
    sent = notification_delivery().delivered(attempt=1, status_code=200, at=NOW)
    assert sent.attempt_failed(attempt=2, status_code=500, error="late", is_last=True) == sent
    assert sent.delivered(attempt=2, status_code=202, at=LATER) == sent


def test_attempt_reported_twice_counts_once() -> None:
    once = notification_delivery().attempt_failed(
        attempt=1, status_code=None, error="silence", is_last=False
    )
    assert once.attempt_failed(attempt=1, status_code=None, error="silence", is_last=False) == once
