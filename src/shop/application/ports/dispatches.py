"""The port to dispatches: announcements on their way, and what became of them."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shop.application.ports.paging import Listing, Moment, Page
from shop.domain.announcement import Channel, Dispatch, DispatchStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchFilter:
    """Which dispatches a list has: those of one channel, in one status or any."""

    channel: Channel
    status: DispatchStatus | None


class Dispatches(ABC):
    """All dispatches, as one unit of work sees them."""

    @abstractmethod
    async def get_many(self, ids: Collection[UUID]) -> Mapping[UUID, Dispatch]:
        """Return those dispatches that exist, by id."""

    @abstractmethod
    async def lock(self, ids: Collection[UUID]) -> Mapping[UUID, Dispatch]:
        """Do the same, and keep others from changing these dispatches until the end."""

    @abstractmethod
    async def search(self, which: DispatchFilter, page: Page[Moment]) -> Listing[Dispatch, Moment]:
        """Return a page of dispatches, the newest first."""

    @abstractmethod
    def add(self, dispatch: Dispatch) -> None:
        """Stage a new dispatch, beside the fact that it announces."""

    @abstractmethod
    def save(self, dispatch: Dispatch) -> None:
        """Stage the next state of a dispatch that was locked."""

    @abstractmethod
    async def sweep(self, before: datetime) -> Collection[UUID]:
        """Remove those made before then that are not pending any more; return their ids."""
