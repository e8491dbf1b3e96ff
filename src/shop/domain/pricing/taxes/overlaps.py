"""Finds tax rates that overlap, without comparing each with all others."""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise

from shop.domain.pricing.taxes.tax_rate import TaxRate

_ALWAYS = datetime.min.replace(tzinfo=UTC)
_ANYWHERE = ""

_Numbered = tuple[int, TaxRate]


def find_overlap(rates: Sequence[TaxRate]) -> tuple[TaxRate, TaxRate] | None:
    """Return two rates that overlap, in the order in which they are given."""
    groups: dict[Hashable, list[_Numbered]] = defaultdict(list)
    for number, rate in enumerate(rates):
        for country in rate.area.countries:
            for region in rate.area.caseless_regions or (_ANYWHERE,):
                has_codes = bool(rate.area.postal_codes)
                groups[rate.category, country, region, has_codes].append((number, rate))
    for group in groups.values():
        for one, other in _candidates(group):
            if one[1].overlaps(other[1]):
                first, second = sorted((one, other), key=lambda each: each[0])
                return first[1], second[1]
    return None


def _candidates(group: Sequence[_Numbered]) -> Iterator[tuple[_Numbered, _Numbered]]:
    """Yield an overlapping pair if there is one, among few others."""
    if not group[0][1].area.postal_codes:
        # Of rates for the same place, sorted by their begin, two that overlap are neighbours.
        yield from pairwise(sorted(group, key=_begin))
        return
    rates, beginnings = _by_text(group)
    above: list[str] = []
    for text in sorted(rates):
        while above and not text.startswith(above[-1]):
            above.pop()
        yield from pairwise(sorted(rates[text], key=_begin))
        for beginning in above:
            for one in beginnings[beginning]:
                for other in rates[text]:
                    if one is not other:
                        yield one, other
        if text in beginnings:
            above.append(text)


def _by_text(
    group: Sequence[_Numbered],
) -> tuple[Mapping[str, Sequence[_Numbered]], Mapping[str, Sequence[_Numbered]]]:
    """Return the rates by the texts of all their patterns, and by those of beginnings."""
    rates: dict[str, dict[int, _Numbered]] = defaultdict(dict)
    beginnings: dict[str, list[_Numbered]] = defaultdict(list)
    for each in group:
        patterns = each[1].area.patterns
        for text in (*patterns.codes, *patterns.beginnings):
            # A rate may have a text as a code and as a beginning.
            rates[text][each[0]] = each
        for text in patterns.beginnings:
            beginnings[text].append(each)
    return {text: list(each.values()) for text, each in rates.items()}, beginnings


def _begin(each: _Numbered) -> datetime:
    return each[1].valid_from or _ALWAYS
