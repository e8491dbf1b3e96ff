"""Finding a repeated name takes work that grows with the body."""

from shop.entrypoints.http.requests.repeated_names import _object_of

NAMES = 1000


class CountedName(str):
    """A name that counts its comparisons."""

    __slots__ = ()
    comparisons = 0
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        CountedName.comparisons += 1
        return str.__eq__(self, other)


def test_each_name_is_compared_a_few_times() -> None:
    names = [CountedName(number) for number in range(NAMES)] + [CountedName(NAMES - 1)]

    found = _object_of([(each, None) for each in names])

    assert vars(found) == {"name": str(NAMES - 1)}
    assert CountedName.comparisons < 10 * NAMES
