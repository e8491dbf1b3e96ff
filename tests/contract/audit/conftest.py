"""A storage with customers and products to be audited."""

import pytest

from tests.contract.audit.consistent_orders import store_customers_and_products
from tests.contract.storage import Storage


@pytest.fixture
async def shop(storage: Storage) -> Storage:
    return await store_customers_and_products(storage)
