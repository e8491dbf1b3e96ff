"""Which `Origin` is the shop's own: scheme, host and port are compared as they are meant."""

import pytest

from tests.entrypoints.http.clients import HttpShop, assert_problem

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("localhost:80", "http://localhost"),
        ("localhost", "http://localhost:80"),
        ("LocalHost:8000", "http://localhost:8000"),
    ],
)
async def test_origin_may_be_written_in_several_ways(
    shop: HttpShop, host: str, origin: str
) -> None:
    response = await shop.browser().post("/session", {}, host=host, origin=origin)
    assert response.status_code == 422


@pytest.mark.parametrize(
    "origin", ["http://localhost:8080", "https://localhost", "https://localhost:80", "localhost"]
)
async def test_other_port_or_scheme_is_another_origin(shop: HttpShop, origin: str) -> None:
    response = await shop.browser().post("/session", {}, host="localhost:80", origin=origin)
    assert_problem(response, 403, "cross-site")
