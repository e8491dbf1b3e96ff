"""Which rate or reason applies to a sale."""

from datetime import timedelta

import pytest

from shop.domain.pricing.cart_to_quote import Buyer
from shop.domain.pricing.places import Area, Destination
from shop.domain.pricing.quote import quote
from shop.domain.pricing.quoted import Quote
from shop.domain.pricing.taxes.tax_table import TaxTable
from tests.domain.pricing.examples import (
    GERMANY,
    NOW,
    VAT_19,
    cart,
    eur,
    line,
    method,
    rate,
    rules,
    taxed,
)


def _taxes(quoted: Quote) -> list[tuple[int, int, int]]:
    """Return rate, base and amount of each tax."""
    return [(each.rate, each.base, each.amount) for each in quoted.taxes]


class TestTheReasonWithoutTax:
    PARIS = Destination(country="FR", postal_code="75001")

    @pytest.mark.parametrize(
        ("destination", "vat_country", "tax"),
        [
            (Destination(country="DE"), None, (19_000, None, 1900)),
            (Destination(country="DE"), "FR", (19_000, None, 1900)),
            (PARIS, None, (19_000, None, 1900)),  # The seller's rate, below the threshold.
            (PARIS, "FR", (0, "reverse-charge", 0)),
            (PARIS, "IT", (0, "reverse-charge", 0)),
            (PARIS, "DE", (19_000, None, 1900)),
            (PARIS, "US", (19_000, None, 1900)),
            (Destination(country="GR"), "EL", (0, "reverse-charge", 0)),
            (Destination(country="GB", postal_code="SW1A 1AA"), "GB", (0, "export", 0)),
            (Destination(country="GB", postal_code="BT1 1AA"), "XI", (0, "reverse-charge", 0)),
            (Destination(country="US"), None, (0, "export", 0)),
            (Destination(country="ES", postal_code="35001"), None, (0, "export", 0)),
            (Destination(country="DE", postal_code="78266"), None, (0, "export", 0)),
            (Destination(country="FI", postal_code="22100"), None, (0, "export", 0)),
            (Destination(country="FR", postal_code="97110"), None, (0, "export", 0)),
            (Destination(country="GR", postal_code="630 86"), None, (0, "export", 0)),
            (Destination(country="IT", postal_code="23041"), None, (0, "export", 0)),
            (Destination(country="MC", postal_code="98000"), "FR", (0, "reverse-charge", 0)),
        ],
    )
    def test_is_that_of_the_destination(
        self,
        destination: Destination,
        vat_country: str | None,
        tax: tuple[int, str | None, int],
    ) -> None:
        shop = rules(tax_table=taxed(), prices_include_tax=False)
        sold = cart(line(10_000), destination=destination, buyer=Buyer(vat_country=vat_country))

        (only,) = quote(sold, shop, NOW).taxes

        assert (only.rate, only.reason, only.amount) == tax

    def test_is_reverse_charge_also_in_a_country_with_a_rate_of_its_own(self) -> None:
        french = rate(20_000, slug="fr", area=Area(countries=frozenset({"FR"})))
        shop = rules(tax_table=taxed(french, VAT_19))

        (private,) = quote(cart(line(100), destination=self.PARIS), shop, NOW).taxes
        business = Buyer(vat_country="FR")
        (charged,) = quote(cart(line(100), destination=self.PARIS, buyer=business), shop, NOW).taxes

        assert (private.rate, private.reason) == (20_000, None)
        assert (charged.rate, charged.reason) == (0, "reverse-charge")

    @pytest.mark.parametrize(("home", "other"), [("GB", "IM"), ("IM", "GB")])
    def test_is_no_export_within_the_territory_of_the_united_kingdom(
        self, home: str, other: str
    ) -> None:
        british = rate(20_000, slug="gb", area=Area(countries=frozenset({"GB"})))
        shop = rules(home=Destination(country=home), tax_table=taxed(british))
        for country in (home, other):
            sold = cart(line(100), destination=Destination(country=country))
            assert [(each.rate, each.reason) for each in quote(sold, shop, NOW).taxes] == [
                (20_000, None)
            ]
        sold = cart(line(100), destination=Destination(country="IE"))
        assert [each.reason for each in quote(sold, shop, NOW).taxes] == ["export"]

    def test_is_export_from_the_union_to_the_isle_of_man(self) -> None:
        sold = cart(line(100), destination=Destination(country="IM", postal_code="IM1 1AA"))

        (only,) = quote(sold, rules(tax_table=taxed()), NOW).taxes

        assert (only.rate, only.reason) == (0, "export")

    @pytest.mark.parametrize(("country", "reason"), [("US", "no-rate"), ("CA", "export")])
    def test_is_no_export_within_the_country_of_a_seller_elsewhere(
        self, country: str, reason: str
    ) -> None:
        shop = rules(home=Destination(country="US"), tax_table=taxed())

        (only,) = quote(cart(line(100), destination=Destination(country=country)), shop, NOW).taxes

        assert only.reason == reason

    def test_does_not_apply_to_what_is_picked_up_at_home(self) -> None:
        shop = rules(
            tax_table=taxed(),
            shipping_zones=(GERMANY,),
            shipping_methods=(method(0, code="pick-up", is_pick_up=True),),
        )
        canada = Destination(country="CA")

        (only,) = quote(
            cart(line(119), destination=canada, shipping_method="pick-up"), shop, NOW
        ).taxes

        assert (only.rate, only.amount) == (19_000, 19)

    def test_leaves_prices_that_include_tax_as_they_are(self) -> None:
        sold = cart(line(11_900), destination=self.PARIS, buyer=Buyer(vat_country="FR"))

        quoted = quote(sold, rules(tax_table=taxed()), NOW)

        assert quoted.total == eur(11_900)
        assert _taxes(quoted) == [(0, 11_900, 0)]

    @pytest.mark.parametrize(("reason", "shown"), [(None, "zero"), ("exempt", "exempt")])
    def test_is_that_of_a_rate_of_0(self, reason: str | None, shown: str) -> None:
        shop = rules(tax_table=taxed(rate(0, reason=reason)))

        (only,) = quote(cart(line(100)), shop, NOW).taxes

        assert (only.rate, only.reason) == (0, shown)

    def test_is_that_the_shop_has_no_rate(self) -> None:
        (only,) = quote(cart(line(100, tax_category="other")), rules(tax_table=taxed()), NOW).taxes

        assert (only.rate, only.reason) == (0, "no-rate")


BERLIN_AREA = Area(countries=frozenset({"DE"}), postal_codes=frozenset({"10*"}))
BAVARIA = Area(countries=frozenset({"DE"}), regions=frozenset({"BY"}))
HOUR = timedelta(hours=1)


class TestTaxRates:
    def test_may_follow_each_other(self) -> None:
        table = TaxTable.of(
            [
                rate(16_000, slug="old", valid_until=NOW),
                rate(19_000, slug="new", valid_from=NOW),
            ]
        )
        germany = Destination(country="DE")

        found = [table.find("standard", germany, at) for at in (NOW - HOUR, NOW)]

        assert [each.slug for each in found if each] == ["old", "new"]

    @pytest.mark.parametrize("is_reversed", [False, True])
    def test_of_the_most_precise_area_apply(self, *, is_reversed: bool) -> None:
        rates = [
            rate(19_000, slug="country"),
            rate(18_000, slug="region", area=BAVARIA),
            rate(17_000, slug="postal", area=BERLIN_AREA),
        ]
        table = TaxTable.of(reversed(rates) if is_reversed else rates)
        places = [
            Destination(country="DE"),
            Destination(country="DE", region="By"),
            Destination(country="DE", region="BE", postal_code="10 115"),
        ]

        found = [table.find("standard", place, NOW) for place in places]

        assert [each.slug for each in found if each] == ["country", "region", "postal"]


class TestMonaco:
    FRENCH = rate(20_000, slug="fr", area=Area(countries=frozenset({"FR"})))
    PLACE = Destination(country="MC", postal_code="98000")

    def test_has_the_rates_of_france(self) -> None:
        shop = rules(tax_table=taxed(self.FRENCH, VAT_19))

        (only,) = quote(cart(line(100), destination=self.PLACE), shop, NOW).taxes

        assert (only.rate, only.reason) == (20_000, None)

    def test_has_a_rate_of_its_own_if_the_shop_says_so(self) -> None:
        own = rate(17_000, slug="mc", area=Area(countries=frozenset({"MC"})))
        shop = rules(tax_table=taxed(own, self.FRENCH))

        (only,) = quote(cart(line(100), destination=self.PLACE), shop, NOW).taxes

        assert only.rate == 17_000

    def test_has_none_of_a_part_of_france(self) -> None:
        area = Area(countries=frozenset({"FR"}), postal_codes=frozenset({"98*"}))
        part = rate(2_100, slug="part", area=area)
        shop = rules(tax_table=taxed(part, self.FRENCH))

        (only,) = quote(cart(line(100), destination=self.PLACE), shop, NOW).taxes

        assert only.rate == 20_000

    def test_is_where_a_seller_has_the_rates_of_france(self) -> None:
        shop = rules(home=self.PLACE, tax_table=taxed(self.FRENCH))

        taxes = [
            quote(cart(line(100), destination=Destination(country=each)), shop, NOW).taxes[0]
            for each in ("MC", "FR", "IT", "CH")
        ]

        assert [(each.rate, each.reason) for each in taxes] == [
            (20_000, None),
            (20_000, None),
            (20_000, None),
            (0, "export"),
        ]


def test_half_a_cent_belongs_to_the_base_of_prices_with_tax() -> None:
    shop = rules(tax_table=taxed(rate(20_000)))

    # 3 / 1.2 = 2.5.
    assert _taxes(quote(cart(line(3)), shop, NOW)) == [(20_000, 3, 0)]


def test_rates_of_0_with_different_reasons_are_different_taxes() -> None:
    exempt = rate(0, "medicine", reason="exempt")
    shop = rules(tax_table=taxed(exempt, rate(0)))

    quoted = quote(cart(line(100), line(50, tax_category="medicine")), shop, NOW)

    assert [(each.reason, each.base) for each in quoted.taxes] == [("zero", 100), ("exempt", 50)]
