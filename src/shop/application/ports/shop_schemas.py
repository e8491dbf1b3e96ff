"""Port to the schemas of a database, of which each may hold a shop."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from shop.domain.shared.money import Currency
from shop.domain.shared.value import value


@value
class ShopSchema:
    """A schema that holds a shop."""

    name: str
    owner: str
    """The role to which its tables belong."""
    is_own: bool
    """Whether that is the role of this process."""
    currency: Currency | None
    """What the shop sells in; None if that cannot be read."""


class ShopSchemas(ABC):
    """Finds the shops of a database."""

    @abstractmethod
    async def find(self) -> Sequence[ShopSchema]:
        """Return the schemas that hold a shop, of whatever release, sorted by name.

        A schema whose restore was interrupted is one of them; one with tables of something else is
        not. Raise `DatabaseUnavailable`.
        """
