"""Two shops in one database, served from one folder."""

import json
from collections.abc import Iterator
from contextlib import ExitStack

import httpx2
import pytest

from tests.shops.hosted_shop import HostedShop, Shops, command_line, new_database
from tests.shops.webhook_receiver import webhook_receiver

SECRET = "one secret for both shops, 0123456789"
WEBHOOK_SECRET = "whsec_" + "QUJDRA" * 8


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory, postgresql_url: str) -> Iterator[Shops]:
    """Serve two shops with the same secret, so that nothing but the schema separates them."""
    folder, url = tmp_path_factory.mktemp("shops"), new_database(postgresql_url)
    with ExitStack() as stack:
        connections = stack.enter_context(httpx2.HTTPTransport())

        def serve(schema: str) -> HostedShop:
            receiver = stack.enter_context(webhook_receiver())
            endpoints = [{"url": receiver.url, "secret": WEBHOOK_SECRET}]
            commands = command_line(
                folder,
                url,
                schema,
                SHOP_SESSION_SECRETS=json.dumps([SECRET]),
                SHOP_WEBHOOK_ENDPOINTS=json.dumps(endpoints),
            )
            commands.output_of("migrate")
            commands.output_of("seed", "--products", "20")
            server = stack.enter_context(commands.serving())
            return HostedShop(
                schema=schema,
                database_url=url,
                commands=commands,
                url=server.url,
                receiver=receiver,
                connections=connections,
            )

        yield Shops(kiln=serve("kiln"), loom=serve("loom"))
