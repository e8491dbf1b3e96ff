"""The table of routes: it finds what Starlette's router would, without trying each route."""

from collections.abc import Iterator

import pytest
from starlette.responses import Response
from starlette.routing import Match, Route

from shop.entrypoints.http.route_table import RouteTable
from tests.entrypoints.http.clients import HttpShop

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW")


def _paths(routes: list[Route]) -> Iterator[str]:
    for route in routes:
        path = route.path
        for name in route.param_convertors:
            path = path.replace(f"{{{name}}}", "cancel")
        yield from (path, f"{path}/", f"{path}/more", path.removesuffix(path.rpartition("/")[2]))
    yield from ("", "//", "/nothing", "/api/v1/orders/a%2Fb", "/api/v1/orders/\n")


def _found_by_starlette(
    routes: list[Route], method: str, path: str
) -> tuple[Route, dict[str, str]] | None:
    # A fixed path has its own methods alone.
    routes = [each for each in routes if each.path == path] or routes
    scope = {"type": "http", "method": method, "path": path, "root_path": "", "headers": []}
    matches = [(route, *route.matches(scope)) for route in routes]
    return next(
        ((route, child["path_params"]) for route, match, child in matches if match is Match.FULL),
        None,
    )


def test_every_path_has_the_route_that_starlette_finds(shop: HttpShop) -> None:
    routes = [each for each in shop.app.routes if isinstance(each, Route)]
    table = RouteTable(routes)
    found = 0
    for path in _paths(routes):
        for method in METHODS:
            expected = _found_by_starlette(routes, method, path)
            route, parameters = table.find(method, path)
            if expected is None:
                assert route is None or method not in (route.methods or ())
            else:
                found += 1
                assert route is not None
                assert method in (route.methods or ())
                assert (route.path, parameters) == (expected[0].path, expected[1])
    assert found > len(routes)


def _route(path: str, *methods: str) -> Route:
    return Route(path, lambda _: Response(), methods=methods)


def test_line_feed_is_no_end_of_a_path(shop: HttpShop) -> None:
    table = RouteTable(each for each in shop.app.routes if isinstance(each, Route))
    assert table.find("GET", "/healthz\n")[0] is None
    assert table.find("POST", "/api/v1/orders/1/cancel\n")[0] is None
    assert table.methods("/healthz\n") == ()


class TestAFixedPath:
    table = RouteTable(
        [
            _route("/a/{name}", "GET", "PUT"),
            _route("/a/fixed", "POST"),
            _route("/a/fixed", "GET"),
            _route("/a/{name}", "PATCH"),
        ]
    )

    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_has_the_route_of_each_method(self, method: str) -> None:
        route, _ = self.table.find(method, "/a/fixed")
        assert route is not None
        assert method in (route.methods or ())
        assert route.path == "/a/fixed"

    @pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
    def test_has_no_methods_of_a_path_with_parameters(self, method: str) -> None:
        route, _ = self.table.find(method, "/a/fixed")
        assert route is not None
        assert method not in (route.methods or ())
        assert self.table.methods("/a/fixed") == ("GET", "HEAD", "POST")

    def test_leaves_the_others_to_a_path_with_parameters(self) -> None:
        for method in ("GET", "PUT", "PATCH"):
            route, parameters = self.table.find(method, "/a/other")
            assert route is not None
            assert method in (route.methods or ())
            assert parameters == {"name": "other"}
        assert self.table.methods("/a/other") == ("GET", "HEAD", "PATCH", "PUT")
