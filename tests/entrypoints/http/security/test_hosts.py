"""The shop answers to its own host names alone, and in production not over plain HTTP."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from shop.entrypoints.configuration.settings import Settings
from tests.clock import FakeClock
from tests.entrypoints.http.clients import SECRET, HttpShop, assert_problem

pytestmark = pytest.mark.anyio

PROXY: dict[str, Any] = {"environment": "production", "trusted_proxies": ("127.0.0.1",)}


def _production(**settings: object) -> Settings:
    chosen: dict[str, object] = {
        "_env_file": None,
        "environment": "production",
        "session_secrets": (SECRET,),
        "payment_gateway": "simulated",
        **settings,
    }
    return Settings(**chosen)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST:8000",
        "shop.localhost:1",
        "127.0.0.1:8000",
        "127.9.9.9",
        "[::1]",
        "[::1]:8000",
        "[0:0:0:0:0:0:0:1]",
    ],
)
def test_development_answers_to_this_machine(host: str) -> None:
    assert host in Settings(_env_file=None).known_hosts  # type: ignore[call-arg]


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.test",
        "localhost.evil.test",
        "evillocalhost",
        "127.0.0.1.evil.test",
        "0.0.0.0",  # noqa: S104  Nothing is bound to it.
        "192.168.1.5:8000",
        "[::2]",
        "[fe80::1]:8000",
        "::1",
        "[::1",
        "[...]",
        "localhost:",
        "localhost:0",
        "localhost:65536",
        "localhost:1:2",
        "localhost:8000 ",
        "evil.test@localhost",
        "localhost, evil.test",
        "localhost/evil",
        "localh\u00f6st",
    ],
)
def test_development_answers_to_no_other_name(host: str) -> None:
    assert host not in Settings(_env_file=None).known_hosts  # type: ignore[call-arg]


def test_development_answers_to_listed_names_as_well() -> None:
    known = Settings(_env_file=None, hosts=("workshop.lan",)).known_hosts  # type: ignore[call-arg]

    assert "workshop.lan:8000" in known
    assert "localhost" in known


@pytest.mark.parametrize(
    ("host", "is_known"),
    [
        ("shop.example", True),
        ("SHOP.example:8443", True),
        ("www.shop.example:8443", True),
        ("www.shop.example", False),
        ("www.shop.example:443", False),
        ("pay.shop.example", True),
        ("pay.shop.example:443", True),
        ("pay.shop.example:80", False),
        ("[2001:db8:0::1]:9000", True),
        ("localhost", False),
        ("127.0.0.1:8000", False),
        ("evil.test", False),
        ("evil.shop.example", False),
    ],
)
def test_production_answers_to_listed_names_alone(host: str, *, is_known: bool) -> None:
    settings = _production(
        hosts=(
            "Shop.Example",
            "www.shop.example:8443",
            "pay.shop.example:443",
            "[2001:DB8::1]:9000",
        )
    )

    assert (host in settings.known_hosts) is is_known


@pytest.mark.parametrize("environment", ["development", "production"])
async def test_request_for_another_host_is_rejected(environment: str, clock: FakeClock) -> None:
    shop = HttpShop.open(clock, environment=environment)
    body = {"name": "Ada", "email": "ada@example.com", "password": "correct horse battery"}

    with shop.unchanged(), capture_logs() as logs:
        for response in (
            await shop.browser().get("/products", host="evil.test"),
            await shop.browser().get("//metrics", host="evil.test"),
            await shop.browser().get("//no/such/route", host="evil.test"),
            await shop.browser().post("/users", body, host="evil.test"),
            await shop.browser().post("/users", body, host="evil.test", origin="http://evil.test"),
        ):
            problem = assert_problem(response, 400, "unknown-host")
            assert "SHOP_HOSTS" in problem["detail"]
            assert "evil" not in response.text

    rejected = [each for each in logs if each["event"] == "unknown_host"]
    assert [each["host"] for each in rejected] == ["evil.test"] * 5


async def test_forwarded_host_is_not_believed(clock: FakeClock) -> None:
    shop = HttpShop.open(clock, **PROXY)

    response = await shop.browser().get("/products", host="evil.test", x_forwarded_host="shop.test")

    assert_problem(response, 400, "unknown-host")


@pytest.mark.parametrize("path", ["//healthz", "//readyz"])
async def test_health_checks_answer_to_any_host(path: str, clock: FakeClock) -> None:
    shop = HttpShop.open(clock, **PROXY)

    response = await shop.browser().get(path, host="10.0.0.7:8000", x_forwarded_proto="http")

    assert response.status_code == 200


async def test_production_without_a_list_answers_to_any_host(clock: FakeClock) -> None:
    shop = HttpShop.open(clock, environment="production", hosts=())

    assert shop.container.settings().accepts_any_host
    assert (await shop.browser().get("/products", host="any.test")).status_code == 200


@pytest.mark.parametrize("forwarded", ["http", "HTTP", " http ", "https, http", "http,https", "ws"])
async def test_plain_http_behind_a_proxy_is_rejected(forwarded: str, clock: FakeClock) -> None:
    shop = HttpShop.open(clock, **PROXY)
    body = {"name": "Ada", "email": "ada@example.com", "password": "correct horse battery"}

    with shop.unchanged():
        for response in (
            await shop.browser().get("/products", x_forwarded_proto=forwarded),
            await shop.browser().post("/users", body, x_forwarded_proto=forwarded),
        ):
            assert_problem(response, 403, "https-required")
            assert "location" not in response.headers
            assert "set-cookie" not in response.headers


@pytest.mark.parametrize(
    ("settings", "headers"),
    [
        (PROXY, {"x_forwarded_proto": "https"}),
        (PROXY, {}),
        ({**PROXY, "trusted_proxies": ("10.0.0.1",)}, {"x_forwarded_proto": "http"}),
        ({**PROXY, "trusted_proxies": ()}, {"x_forwarded_proto": "http"}),
        ({"trusted_proxies": ("127.0.0.1",)}, {"x_forwarded_proto": "http"}),
    ],
)
async def test_request_passes_unless_a_trusted_proxy_says_plain_http(
    settings: dict[str, Any], headers: dict[str, str], clock: FakeClock
) -> None:
    shop = HttpShop.open(clock, **settings)

    assert (await shop.browser().get("/products", **headers)).status_code == 200


@pytest.mark.parametrize(
    ("headers", "logged"),
    [
        (
            {"origin": "https://shop.test", "host": "upstream"},
            {
                "origin": "https://shop.test",
                "own_origin": "https://upstream",
                "sec_fetch_site": None,
            },
        ),
        (
            {"origin": "https://shop.test\x7f<b>", "sec_fetch_site": "same-site"},
            {
                "origin": "[malformed]",
                "own_origin": "https://shop.test",
                "sec_fetch_site": "same-site",
            },
        ),
    ],
)
async def test_origins_that_differ_are_logged_for_the_operator_of_a_proxy(
    headers: dict[str, str],
    logged: dict[str, str | None],
    clock: FakeClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    shop = HttpShop.open(clock, environment="production", hosts=())

    with caplog.at_level("INFO"):
        assert_problem(await shop.browser().post("/session", {}, **headers), 403, "cross-site")

    (line,) = [each for each in caplog.records if each.message == "cross_site_request"]
    assert {name: getattr(line, name) for name in logged} == logged
