"""Port to what each country demands of an address."""

from abc import ABC, abstractmethod

from shop.domain.address import Address


class PostalRules(ABC):
    """Knows how the countries of the world write addresses.

    What it knows may be years old. So it rejects only what it is sure of: a country that does not
    exist, a region that is not in the country's list, a postal code of another form.
    """

    @abstractmethod
    def normalise(self, address: Address) -> Address:
        """Return the address in its country's forms; raise `InvalidAddress` with all faults.

        The telephone number is then in E.164, and a region has the name of the country's list.
        """

    @abstractmethod
    def format(self, address: Address) -> tuple[str, ...]:
        """Return the lines of a normalised address as its country writes them, country last."""

    @abstractmethod
    def is_country(self, code: str) -> bool:
        """Check whether a code of two capital letters is that of a country."""

    @abstractmethod
    def find_region(self, country: str, text: str) -> str | None:
        """Return the region's name in the country's list; None if the list does not have it.

        Without a list of that country, every text is a region.
        """

    @abstractmethod
    def can_match_postal_code(self, country: str, pattern: str) -> bool:
        """Check that a postal code of the country can match a pattern such as "10*"."""

    @abstractmethod
    def postal_code_example(self, country: str) -> str | None:
        """Return a postal code of the country, None if it has none."""
