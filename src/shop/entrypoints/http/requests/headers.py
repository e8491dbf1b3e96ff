"""The headers of a request, found by name without a search."""

from collections.abc import Iterable

from starlette.datastructures import Headers

RawHeaders = Iterable[tuple[bytes, bytes]]


class RequestHeaders(Headers):
    """Headers that are indexed once: every check of a request asks for some of them."""

    def __init__(self, raw: RawHeaders) -> None:
        self._list = list(raw)
        index: dict[str, list[str]] = {}
        for name, value in self._list:
            index.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1"))
        self._index = index

    def getlist(self, key: str) -> list[str]:
        """Return all values of a header."""
        return self._index.get(key.lower(), [])

    def __getitem__(self, key: str) -> str:
        return self._index[key.lower()][0]

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and key.lower() in self._index
