"""E-mail addresses that are entered so that the shop sends letters to them."""

from typing import Annotated

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator

from shop.entrypoints.http.schemas import Email


def _require_deliverable(email: str) -> str:
    try:
        # RFC 6761 reserves .test for tests: such an address reaches no one, so staging shops and
        # test suites may use it. Without a look-up in the DNS, no request depends on other servers.
        address = validate_email(
            email, strict=True, test_environment=True, check_deliverability=False
        )
    except EmailNotValidError as error:
        raise ValueError(str(error).removesuffix(".")) from error
    if email.rpartition("@")[2] not in {address.domain, address.ascii_domain}:
        raise ValueError(f"The domain must be written as {address.domain}")
    return email


NewEmail = Annotated[Email, AfterValidator(_require_deliverable)]
"""The e-mail address of a new user, a cart or an order, to which e-mail can be sent."""
