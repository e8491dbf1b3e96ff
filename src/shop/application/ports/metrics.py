"""Port to metrics: counts of what happens, for those who operate the shop.

Each method is called once where the thing happens, and only counts: it does not wait or raise.
"""

from abc import ABC, abstractmethod

from shop.application.ports.repositories.jobs import JobKind
from shop.domain.notification import NotificationDeliveryStatus

TAKEN = "taken"
GIVEN_BACK = "given-back"
"""What becomes of a use of a promotion."""


class Metrics(ABC):
    """Counts what happens. Every name that is passed is one of a short list."""

    @abstractmethod
    def group_decided(self, queue: str, size: int, waited_seconds: float) -> None:
        """Count a group of commands, and how long its first one has waited."""

    @abstractmethod
    def commands_shed(self, queue: str, count: int) -> None:
        """Count commands that were rejected because they would wait or have waited too long."""

    @abstractmethod
    def order_answered(self, outcome: str) -> None:
        """Count a new order by its status, or a rejected one by the error's code."""

    @abstractmethod
    def promotions_used(self, outcome: str, count: int) -> None:
        """Count promotions that a new order has taken, or an ended one has given back."""

    @abstractmethod
    def job_ended(self, kind: JobKind, outcome: str) -> None:
        """Count an attempt at a job."""

    @abstractmethod
    def webhook_answered(self, status: NotificationDeliveryStatus) -> None:
        """Count an attempt to deliver a webhook by the delivery's status after it."""

    @abstractmethod
    def image_rejected(self, reason: str) -> None:
        """Count an uploaded file that is not an accepted image, by the reason of the error."""


class _Uncounted(Metrics):
    def group_decided(self, queue: str, size: int, waited_seconds: float) -> None:
        """Count nothing."""

    def commands_shed(self, queue: str, count: int) -> None:
        """Count nothing."""

    def order_answered(self, outcome: str) -> None:
        """Count nothing."""

    def promotions_used(self, outcome: str, count: int) -> None:
        """Count nothing."""

    def job_ended(self, kind: JobKind, outcome: str) -> None:
        """Count nothing."""

    def webhook_answered(self, status: NotificationDeliveryStatus) -> None:
        """Count nothing."""

    def image_rejected(self, reason: str) -> None:
        """Count nothing."""


UNCOUNTED: Metrics = _Uncounted()
"""Counts nothing, for parts of the shop that are used by themselves."""
