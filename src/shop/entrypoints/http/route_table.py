"""Finds the route of a request without trying one after the other."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.routing import Route

Parameters = Mapping[str, Any]
NO_PARAMETERS: Parameters = {}


@dataclass(slots=True)
class _Path:
    """The routes of one path, by method."""

    first: Route
    by_method: dict[str, Route] = field(default_factory=dict)

    def match(self, path: str) -> Parameters | None:
        found = self.first.path_regex.fullmatch(path)
        if found is None:
            return None
        convertors = self.first.param_convertors
        return {name: convertors[name].convert(text) for name, text in found.groupdict().items()}


class RouteTable:
    """The routes of the app: fixed paths by their text, others by their number of segments.

    A fixed path hides those with parameters, as in the OpenAPI document: it has its own methods
    alone, so nothing can be put where it cannot be read.
    """

    def __init__(self, routes: Iterable[Route]) -> None:
        paths: dict[str, _Path] = {}
        for route in routes:
            path = paths.setdefault(route.path, _Path(route))
            for method in route.methods or ():
                path.by_method.setdefault(method, route)
        self._fixed: dict[str, _Path] = {}
        self._by_segments: dict[int, list[_Path]] = {}
        for text, path in paths.items():
            if path.first.param_convertors:
                self._by_segments.setdefault(text.count("/"), []).append(path)
            else:
                self._fixed[text] = path

    def find(self, method: str, path: str) -> tuple[Route | None, Parameters]:
        """Return the route of a request and its parameters.

        If the path exists for other methods only, return a route of it, which does not have this
        method. Without any, return None.
        """
        fixed = self._fixed.get(path)
        if fixed is not None:
            return fixed.by_method.get(method, fixed.first), NO_PARAMETERS
        other = None
        for candidate in self._by_segments.get(path.count("/"), ()):
            parameters = candidate.match(path)
            if parameters is not None and method in candidate.by_method:
                return candidate.by_method[method], parameters
            if parameters is not None and other is None:
                other = candidate
        return None if other is None else other.first, NO_PARAMETERS

    def methods(self, path: str) -> tuple[str, ...]:
        """Return the methods of all routes of a path, sorted."""
        fixed = self._fixed.get(path)
        candidates = self._by_segments.get(path.count("/"), ()) if fixed is None else (fixed,)
        found = (each for each in candidates if each.first.path_regex.fullmatch(path))
        return tuple(sorted({method for each in found for method in each.by_method}))
