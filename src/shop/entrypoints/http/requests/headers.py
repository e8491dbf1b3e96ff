"""The headers of a request, found by name without a search."""

from collections.abc import Iterable

from starlette.datastructures import Headers

RawHeaders = Iterable[tuple[bytes, bytes]]


class RequestHeaders(Headers):
    """Headers that are indexed once: every check of a request asks for some of them."""

    def __init__(self, raw: RawHeaders) -> None:
        super().__init__(raw=list(raw))
        self._index: dict[bytes, list[bytes]] = {}
        for name, value in self.raw:
            self._index.setdefault(name, []).append(value)

    def getlist(self, key: str) -> list[str]:
        """Return all values of a header."""
        return [value.decode("latin-1") for value in self._index.get(_name(key), ())]

    def __getitem__(self, key: str) -> str:
        return self._index[_name(key)][0].decode("latin-1")

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and _name(key) in self._index


def _name(key: str) -> bytes:
    return key.lower().encode("latin-1")
