"""A storage in which the owners of sessions exist."""

import pytest

from tests.contract.session_store.stored_sessions import ADA, BOB
from tests.contract.storage import Storage


@pytest.fixture
async def storage(session_storage: Storage) -> Storage:
    """Return a storage with the users Ada and Bob."""
    await session_storage.commit(lambda uow: uow.users.add(ADA), lambda uow: uow.users.add(BOB))
    return session_storage
