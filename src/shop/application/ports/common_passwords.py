"""Port to the list of common passwords."""

from abc import ABC, abstractmethod


class CommonPasswords(ABC):
    """The passwords that attackers try first."""

    @abstractmethod
    def contains(self, password: str) -> bool:
        """Check whether a password is common, regardless of case.

        A common password with up to four digits or signs after it is common, too.
        """
