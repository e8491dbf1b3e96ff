"""Port to what is known of webhook endpoints that have failed."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence

from shop.domain.endpoint import EndpointStatus


class EndpointStatuses(ABC):
    """The statuses of endpoints; one without a stored status is working."""

    @abstractmethod
    async def get_many(self, urls: Collection[str]) -> Mapping[str, EndpointStatus]:
        """Return the stored statuses by URL."""

    @abstractmethod
    async def lock(self, urls: Collection[str]) -> Mapping[str, EndpointStatus]:
        """Like `get_many`, and lock the statuses."""

    @abstractmethod
    async def list(self) -> Sequence[EndpointStatus]:
        """Return all stored statuses, sorted by URL."""

    @abstractmethod
    def add(self, status: EndpointStatus) -> None:
        """Stage a new status, unless another transaction adds one for the URL first."""

    @abstractmethod
    def save(self, status: EndpointStatus) -> None:
        """Stage the next state of a locked status."""
