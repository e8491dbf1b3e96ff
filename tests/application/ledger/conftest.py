"""Customers with money in their accounts, and an admin."""

import pytest

from shop.application.ports.repositories.session_store import SessionToken
from tests.application.memory_shop import MemoryShop


@pytest.fixture
async def ada_token(shop: MemoryShop) -> SessionToken:
    """Return the token of Ada. She and Bob have a balance of 1,000 each."""
    await shop.customer("bob")
    return await shop.customer("ada")


@pytest.fixture
async def admin(shop: MemoryShop, ada_token: SessionToken) -> SessionToken:
    del ada_token
    return await shop.admin()
