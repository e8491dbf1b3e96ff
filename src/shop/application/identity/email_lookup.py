"""Finds users by their e-mail addresses, in whichever form the domain is stored."""

from collections.abc import Collection, Mapping

from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.user import User, email_forms


async def find_by_email(uow: UnitOfWork, email: str) -> User | None:
    """Return the user of a normalised address, or None."""
    return (await find_by_emails(uow, [email])).get(email)


async def find_by_emails(uow: UnitOfWork, emails: Collection[str]) -> Mapping[str, User]:
    """Return the users of normalised addresses, by the address that was looked for.

    Two users of earlier releases can share an address in two forms: each is found by their own.
    """
    forms = {email: email_forms(email) for email in emails}
    users = await uow.users.with_emails({each for several in forms.values() for each in several})
    return {
        email: next(users[each] for each in several if each in users)
        for email, several in forms.items()
        if not users.keys().isdisjoint(several)
    }
