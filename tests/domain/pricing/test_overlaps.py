"""Overlapping tax rates are found among thousands, and are those that overlap in pairs."""

import time
from collections.abc import Sequence
from datetime import timedelta
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from shop.domain.pricing.places import Area, Destination
from shop.domain.pricing.taxes.overlaps import find_overlap
from shop.domain.pricing.taxes.tax_rate import TaxRate
from shop.domain.pricing.taxes.tax_table import TaxTable
from tests.domain.pricing.examples import NOW

MAX_SECONDS = 3
"""Comparing all pairs of patterns takes minutes."""

_HOURS = st.sampled_from([None, *range(4)])
_PATTERNS = st.from_regex(r"\A[12]{1,3}\*?\Z")


def _rate(
    slug: str,
    postal_codes: Sequence[str],
    *,
    regions: Sequence[str] = (),
    begins: int | None = None,
    ends: int | None = None,
) -> TaxRate:
    return TaxRate(
        slug=slug,
        name="Sales tax",
        category="standard",
        area=Area(
            countries=frozenset({"US"}),
            regions=frozenset(regions),
            postal_codes=frozenset(postal_codes),
        ),
        rate=7_000,
        valid_from=None if begins is None else NOW + timedelta(hours=begins),
        valid_until=None if ends is None else NOW + timedelta(hours=ends),
        reason=None,
    )


@st.composite
def _rates(draw: st.DrawFn) -> TaxRate:
    begins, ends = draw(_HOURS), draw(_HOURS)
    if begins is not None and ends is not None and begins >= ends:
        ends = begins + 1
    regions = draw(st.lists(st.sampled_from(["Iowa", "iowa", "Utah"]), max_size=2))
    codes = draw(st.lists(_PATTERNS, max_size=2))
    return _rate("some", codes, regions=regions, begins=begins, ends=ends)


@settings(max_examples=300)
@given(st.lists(_rates(), min_size=2, max_size=5))
def test_overlap_is_found_if_any_two_rates_overlap(rates: list[TaxRate]) -> None:
    found = find_overlap(rates)

    assert (found is not None) is any(one.overlaps(other) for one, other in combinations(rates, 2))
    assert found is None or found[0].overlaps(found[1])


def test_thousands_of_rates_are_arranged_and_asked_at_once() -> None:
    rates = [
        _rate(f"us-{number}", [f"{number:04}{digit}" for digit in range(10)] + [f"A{number:04}*"])
        for number in range(2_000)
    ]
    begun = time.process_time()

    table = TaxTable.of(rates)
    overlapping = [each for each in rates if rates[7].overlaps(each)]
    found = table.find("standard", Destination(country="US", postal_code="a-1999 5"), NOW)

    assert time.process_time() - begun < MAX_SECONDS
    assert overlapping == [rates[7]]
    assert found is rates[1999]


def test_area_with_a_thousand_patterns_is_compared_by_look_up() -> None:
    mine, theirs = (
        _rate("rate", [f"{first}{number:03}*" for number in range(1000)]).area for first in (1, 2)
    )
    begun = time.process_time()

    assert not any(mine.overlaps(theirs) for _ in range(100))
    assert not any(
        mine.contains(Destination(country="US", postal_code="29999")) for _ in range(10_000)
    )
    assert time.process_time() - begun < MAX_SECONDS
