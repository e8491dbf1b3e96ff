"""Orders paid with a declined card: nothing is sold and nothing is charged."""

import pytest

from shop.application.payments.card_payments import CardPayments
from shop.application.ports.repositories.idempotency_keys import Rejected
from shop.application.ports.repositories.session_store import SessionToken
from shop.domain.orders.order import OrderStatus
from shop.domain.payment import CardDeclined, PaymentStatus
from tests.application.checkout.card_orders import A_YEAR, order_state, pay
from tests.application.memory_shop import MemoryShop, place_order

pytestmark = pytest.mark.anyio


class TestADeclinedCard:
    @pytest.mark.parametrize(
        ("card", "reason"),
        [
            ("tok_declined", "declined"),
            ("tok_insufficient", "insufficient_funds"),
        ],
    )
    async def test_changes_nothing(
        self, shop: MemoryShop, ada_token: SessionToken, card: str, reason: str
    ) -> None:
        await shop.fill_cart(ada_token, TEA=2)
        before = await shop.session(ada_token)
        with pytest.raises(CardDeclined) as rejection:
            await shop.check_out(place_order(ada_token, card=card))

        assert rejection.value == CardDeclined(reason=reason)
        assert order_state(shop) == (OrderStatus.DECLINED, PaymentStatus.DECLINED)
        assert shop.stock_of("TEA") == (5, 0)
        assert await shop.session(ada_token) == before
        assert shop.outcome("ada") == Rejected(error=rejection.value)
        assert shop.jobs == []

    async def test_of_an_earlier_release_with_an_unknown_token_is_replayed(
        self, shop: MemoryShop, ada_token: SessionToken, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # Earlier releases asked the gateway about any token.
        with monkeypatch.context() as earlier_release:
            earlier_release.setattr(CardPayments, "require_token", lambda *_: None)
            with pytest.raises(CardDeclined):
                await pay(shop, ada_token, "4242424242424242")
        before = shop.state

        with pytest.raises(CardDeclined) as replayed:
            await pay(shop, ada_token, "4242424242424242")

        assert replayed.value == CardDeclined(reason="unknown_token")
        assert shop.state == before

    async def test_stays_declined_under_its_key(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        for _ in range(2):
            with pytest.raises(CardDeclined):
                await pay(shop, ada_token, "tok_declined")
        assert shop.gateway.calls.total() == 1

    async def test_stays_declined_after_old_rejections_are_purged(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        with pytest.raises(CardDeclined):
            await pay(shop, ada_token, "tok_declined")
        shop.clock.advance(A_YEAR)

        assert await shop.container.purge_idempotency_keys().purge() == 0

        with pytest.raises(CardDeclined):
            await shop.check_out(
                place_order(await shop.sign_in("ada"), ("TEA", 2), card="tok_declined")
            )

    async def test_is_followed_by_another_card_under_another_key(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        with pytest.raises(CardDeclined):
            await pay(shop, ada_token, "tok_declined")
        placed = await shop.check_out(
            place_order(ada_token, ("TEA", 2), card="tok_visa", key="key-0002")
        )
        assert placed.order.status is OrderStatus.PAID
        assert shop.stock_of("TEA") == (3, 0)
