"""The session's cookie, as headers."""

import pytest
from starlette.datastructures import Headers

from shop.entrypoints.http.session.cookie import SessionCookie

PRODUCTION = SessionCookie(secure=True, lifetime_seconds=60.5)
DEVELOPMENT = SessionCookie(secure=False, lifetime_seconds=60)


def cookies(*headers: str) -> Headers:
    raw = [(b"cookie", header.encode("latin-1")) for header in headers]
    return Headers(raw=raw)


@pytest.mark.parametrize(
    "header",
    [
        "shop_session=token",
        " shop_session = token ",
        "a=b; shop_session=token; c=d",
        "a;shop_session=token;;",
        "shop_sessionx=other; shop_session=token; __Host-shop_session=other",
    ],
)
def test_token_is_found_among_other_cookies(header: str) -> None:
    assert DEVELOPMENT.read(cookies(header)) == "token"


def test_token_may_contain_every_visible_character_but_the_separator() -> None:
    token = "".join(map(chr, range(0x21, 0x7F))).replace(";", "")
    assert DEVELOPMENT.read(cookies(f"shop_session={token}")) == token
    assert DEVELOPMENT.read(cookies("shop_session=" + "x" * 4096)) == "x" * 4096


@pytest.mark.parametrize(
    "headers",
    [
        [],
        ["a=b"],
        ["shop_session"],
        ["shop_session="],
        ["shop_session=a b"],
        ["shop_session=a\x00b"],
        ["shop_session=ü"],
        ["shop_session=" + "x" * 4097],
        ["shop_session=token; shop_session=token"],
        ["shop_session=token", "shop_session=token"],
        ["Shop_Session=token"],
        ["__Host-shop_session=token"],
    ],
)
def test_invalid_token_is_ignored(headers: list[str]) -> None:
    assert DEVELOPMENT.read(cookies(*headers)) is None


def test_production_and_development_ignore_each_others_cookies() -> None:
    both = cookies("shop_session=one; __Host-shop_session=two")
    assert (DEVELOPMENT.read(both), PRODUCTION.read(both)) == ("one", "two")


def test_cookie_lives_as_long_as_a_session() -> None:
    assert PRODUCTION.set_header("token") == (
        "__Host-shop_session=token; Max-Age=60; Path=/; HttpOnly; SameSite=Lax; Secure"
    )
    assert DEVELOPMENT.set_header("token") == (
        "shop_session=token; Max-Age=60; Path=/; HttpOnly; SameSite=Lax"
    )
    assert DEVELOPMENT.clear_header() == "shop_session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax"
