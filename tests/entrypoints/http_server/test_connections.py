"""How many connections there may be: in all, and from one address."""

from contextlib import suppress

import pytest
from structlog.testing import capture_logs

from shop.entrypoints.configuration.settings import Settings
from shop.entrypoints.http_server.connections import MAX_EXCESS
from shop.entrypoints.http_server.limits import HttpLimits, connections_within
from tests.entrypoints.http_server.test_deadlines import assert_rejected, pass_seconds
from tests.entrypoints.http_server.wire import GET, Client, Server, serving
from tests.timeouts import LoopTime

pytestmark = pytest.mark.anyio

OTHER_ADDRESS = "127.0.0.2"


async def assert_served(client: Client) -> None:
    await client.send(GET % b"echo")
    assert (await client.response()).status == 200


async def assert_one_more_is_rejected(server: Server) -> None:
    client = await server.client()
    await client.send(GET % b"echo")
    response = await client.response()
    assert_rejected(response, 503, "service-unavailable")
    assert response.headers["retry-after"] == "1"
    assert await client.ends()


class TestConnectionsOfOneAddress:
    async def test_are_limited(self) -> None:
        async with serving(max_connections_per_address=2) as server:
            clients = [await server.client() for _ in range(2)]
            await assert_one_more_is_rejected(server)

            for client in clients:
                await assert_served(client)
            await assert_served(await server.client(host=OTHER_ADDRESS))

    async def test_are_counted_while_they_are_open(self) -> None:
        async with serving(max_connections_per_address=1) as server:
            for _ in range(5):
                client = await server.client()
                await assert_served(client)
                client.writer.close()
                await client.writer.wait_closed()
                assert await client.ends()

    async def test_are_not_limited_if_a_trusted_proxy_has_it(self) -> None:
        settings = Settings(trusted_proxies=("127.0.0.0/31",), connections_per_address=1)
        networks = HttpLimits.of(settings).exempt_networks
        async with serving(max_connections_per_address=1, exempt_networks=networks) as server:
            for client in [await server.client() for _ in range(5)]:
                await assert_served(client)

            await assert_served(await server.client(host=OTHER_ADDRESS))
            await assert_rejected_at(server, OTHER_ADDRESS)

    async def test_far_above_the_limit_are_cut_without_a_response(self) -> None:
        async with serving(max_connections_per_address=1) as server:
            clients = [await server.client() for _ in range(1 + MAX_EXCESS)]
            cut = await server.client()

            with suppress(ConnectionError):
                assert await cut.ends()
            await assert_served(clients[0])


async def assert_rejected_at(server: Server, host: str) -> None:
    assert_rejected(await (await server.client(host=host)).response(), 503, "service-unavailable")


class TestAllConnections:
    async def test_are_limited(self) -> None:
        async with serving(max_connections=2) as server:
            clients = [await server.client(), await server.client(host=OTHER_ADDRESS)]
            await assert_one_more_is_rejected(server)
            await assert_rejected_at(server, OTHER_ADDRESS)

            for client in clients:
                await assert_served(client)

    @pytest.mark.parametrize(
        ("descriptors", "connections"),
        [(64, 1), (128, 64), (1_024, 768), (4_096, 3_584), (1_000_000, 10_000), (-1, 10_000)],
    )
    async def test_stay_below_the_limit_of_open_files(
        self, descriptors: int, connections: int
    ) -> None:
        assert connections_within(descriptors) == connections


async def test_rejected_connections_are_logged_once_a_minute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    time = LoopTime(monkeypatch)
    async with serving(max_connections=50, max_connections_per_address=1) as server:
        with capture_logs() as lines:
            await (await server.client()).send(GET % b"waiting")
            for seconds in (2, 30, 31):
                for _ in range(3):
                    await assert_one_more_is_rejected(server)
                await pass_seconds(time, seconds)

    assert [line["rejected"] for line in lines if line["event"] == "connections_rejected"] == [
        {"max_connections_per_address": 3},
        {"max_connections_per_address": 6},
    ]
    assert lines[0]["log_level"] == "warning"
    assert lines[0]["max_connections_per_address"] == 1
    assert lines[0]["max_connections"] == 50


@pytest.mark.parametrize(
    ("host", "client"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:0:1::5", "2001:db8:0:1::/64"),
        ("2001:db8:0:1:ffff::", "2001:db8:0:1::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("10.1.2.3", None),
        ("::ffff:10.1.2.3", None),
        ("", None),
    ],
)
async def test_addresses_of_one_client_are_counted_together(host: str, client: str | None) -> None:
    settings = Settings(trusted_proxies=("10.0.0.0/8",))
    assert HttpLimits.of(settings).limited_client(host) == client
