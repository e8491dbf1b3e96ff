"""The client's address is taken from a trusted proxy alone."""

import httpx2
import pytest
from fastapi import Request

from shop.entrypoints.configuration.settings import Settings
from shop.entrypoints.container import Container
from shop.entrypoints.http.app import create_app

pytestmark = pytest.mark.anyio

FORWARDED = {"X-Forwarded-For": "203.0.113.9, 198.51.100.7", "X-Forwarded-Proto": "https"}


async def _seen(peer: str, trusted: tuple[str, ...]) -> dict[str, str]:
    settings = Settings(
        database_url="memory://",
        hosts=("shop.test",),
        trusted_proxies=trusted,
        run_jobs_in_server=False,
    )
    app = create_app(Container(settings=settings))

    async def show(request: Request) -> dict[str, str]:
        assert request.client is not None
        return {"host": request.client.host, "scheme": request.url.scheme}

    app.get("/seen")(show)
    transport = httpx2.ASGITransport(app=app, client=(peer, 40_000))
    async with httpx2.AsyncClient(transport=transport, base_url="http://shop.test") as client:
        response = await client.get("/seen", headers=FORWARDED)
    seen: dict[str, str] = response.json()
    return seen


@pytest.mark.parametrize(
    ("peer", "trusted", "client"),
    [
        ("10.1.2.3", (), "10.1.2.3"),
        ("192.0.2.1", ("10.0.0.0/8",), "192.0.2.1"),
        ("10.1.2.3", ("10.0.0.0/8",), "198.51.100.7"),
        ("10.1.2.3", ("10.0.0.0/8", "198.51.100.7"), "203.0.113.9"),
        ("fd00::1", ("fd00::/8",), "198.51.100.7"),
    ],
)
async def test_client_is_who_the_trusted_proxies_name(
    peer: str, trusted: tuple[str, ...], client: str
) -> None:
    is_believed = client != peer
    assert await _seen(peer, trusted) == {
        "host": client,
        "scheme": "https" if is_believed else "http",
    }
