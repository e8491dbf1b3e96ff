"""Adds an admin to a shop in memory, where `shop users promote` cannot make one."""

import secrets

from shop.application.identity.customer_import import NewCustomer
from shop.domain.user import Role
from shop.entrypoints.cli.context import CliContext

EMAIL = "admin@example.com"
PASSWORD_BYTES = 12


async def add_demo_admin(context: CliContext) -> str:
    """Add an admin with a random password; return a line that says how to sign in."""
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    password_hash = await context.password_hasher().hash(password)
    await context.customer_import().add([NewCustomer(name="Admin", email=EMAIL)], password_hash)
    await context.role_service().grant(EMAIL, Role.ADMIN)
    return f"Sign in as {EMAIL} with the password {password}"
