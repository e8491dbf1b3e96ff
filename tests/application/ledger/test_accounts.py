"""A customer's account can be read, with its statement."""

import pytest

from shop.application.ports.paging import PageRequest
from shop.application.ports.repositories.accounts import AccountEntry
from shop.domain.account import AccountNotFound
from tests.application.memory_shop import MemoryShop
from tests.factories import user

pytestmark = pytest.mark.anyio


class TestAnAccount:
    async def test_is_shown_to_its_user(self, shop: MemoryShop) -> None:
        done = await shop.sign_up("ada")
        await shop.sign_up("bob")

        assert await shop.container.account_service().show(done.user) == done.account

    async def test_has_a_statement_of_its_transfers_newest_first(self, shop: MemoryShop) -> None:
        done = await shop.sign_up("ada")

        account, page = await shop.container.account_service().statement(
            done.user, PageRequest(limit=9, after=None)
        )

        (welcome,) = shop.state.transfers.rows.values()
        assert account == done.account
        assert (page.items, page.next) == (
            [AccountEntry(transfer=welcome, counterparty="adjustments")],
            None,
        )

    async def test_must_exist(self, shop: MemoryShop) -> None:
        with pytest.raises(AccountNotFound):
            await shop.container.account_service().show(user("stranger"))
        with pytest.raises(AccountNotFound):
            await shop.container.account_service().statement(
                user("stranger"), PageRequest(limit=9, after=None)
            )
