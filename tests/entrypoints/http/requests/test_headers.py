"""Headers with an index: they say what Starlette's say."""

from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from shop.entrypoints.http.requests.headers import RequestHeaders

NAMES = st.sampled_from(["host", "cookie", "x-a"])
RAW = st.lists(st.tuples(NAMES.map(str.encode), st.binary(max_size=4)), max_size=6)


@given(RAW, NAMES.map(str.title))
def test_index_answers_like_a_search(raw: list[tuple[bytes, bytes]], name: str) -> None:
    searched, indexed = Headers(raw=raw), RequestHeaders(raw)

    assert indexed.getlist(name) == searched.getlist(name)
    assert indexed.get(name) == searched.get(name)
    assert (name in indexed) == (name in searched)
    assert indexed.items() == searched.items()
