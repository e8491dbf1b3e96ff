"""Commands that move money between the accounts of Ada, Bob and the shop."""

from shop.application.idempotency.results import CommandResult
from shop.application.ledger.transfer_batch import GrantCredit, MakeTransfer
from shop.application.ports.repositories.session_store import SessionToken
from shop.domain.account import Transfer
from tests.application.memory_shop import MemoryShop
from tests.factories import eur

BOB = "bob@example.com"


def transfer_command(
    token: SessionToken | None, amount: int = 300, *, to: str = BOB, key: str = "key-0001"
) -> MakeTransfer:
    return MakeTransfer(session=token, key=key, to=to, amount=eur(amount), note="Thanks")


async def make_transfer(shop: MemoryShop, command: MakeTransfer) -> CommandResult[Transfer]:
    (reply,) = await shop.container.transfer_service().make([command])
    return reply


def balances(shop: MemoryShop) -> tuple[int, int]:
    return shop.balance("ada"), shop.balance("bob")


def credit_command(
    shop: MemoryShop, token: SessionToken | None, amount: int = 500, *, name: str = "ada"
) -> GrantCredit:
    return GrantCredit(
        session=token,
        key="credit-01",
        account_id=shop.account(name).id,
        amount=eur(amount),
        reason="Goodwill",
    )
