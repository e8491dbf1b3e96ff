"""Codes: what they give, and why they do not apply."""

from datetime import timedelta

import pytest

from shop.domain.pricing.cart_to_quote import Buyer, UsesSoFar
from shop.domain.pricing.goods import Selection
from shop.domain.pricing.promotions.amount import Amount
from shop.domain.pricing.promotions.effect import Target
from shop.domain.pricing.promotions.promotion import Conditions
from shop.domain.pricing.quote import quote
from shop.domain.pricing.quoted import QuoteProblem
from tests.domain.pricing.examples import (
    GERMANY,
    NOW,
    cart,
    code,
    eur,
    line,
    method,
    promotion,
    rules,
)


class TestACode:
    OFFER = promotion(Amount(amount=eur(100)), requires_code=True)

    def _problems(self, **changes: object) -> tuple[QuoteProblem, ...]:
        sold = {"codes": (code("SAVE"),), **changes}
        return quote(cart(line(1000), **sold), rules(self.OFFER), NOW).problems

    def test_gives_its_promotion(self) -> None:
        quoted = quote(cart(line(1000), codes=(code("SAVE"),)), rules(self.OFFER), NOW)

        assert [(each.code, each.amount) for each in quoted.discounts] == [("SAVE", 100)]
        assert quoted.problems == ()

    def test_is_needed(self) -> None:
        assert quote(cart(line(1000)), rules(self.OFFER), NOW).discounts == ()

    def test_of_no_promotion_is_not_found(self) -> None:
        assert self._problems(codes=(code("SAFE", None),)) == (
            QuoteProblem(code="code-not-found", entered_code="SAFE"),
        )

    def test_for_one_order_is_used_up_after_it(self) -> None:
        assert self._problems(codes=(code("SAVE", is_used_up=True),)) == (
            QuoteProblem(code="code-used-up", entered_code="SAVE"),
        )

    @pytest.mark.parametrize(
        ("limits", "uses", "is_used_up"),
        [
            ({"limit": 3}, UsesSoFar(by_all=2), False),
            ({"limit": 3}, UsesSoFar(by_all=3), True),
            ({"limit_per_customer": 2}, UsesSoFar(by_all=9, by_customer=1), False),
            ({"limit_per_customer": 2}, UsesSoFar(by_all=9, by_customer=2), True),
            ({"conditions": Conditions(is_for_first_order=True)}, UsesSoFar(), False),
            (
                {"conditions": Conditions(is_for_first_order=True), "limit_per_customer": 5},
                UsesSoFar(by_customer=1),
                True,
            ),
        ],
    )
    def test_is_limited(
        self, *, limits: dict[str, object], uses: UsesSoFar, is_used_up: bool
    ) -> None:
        offer = promotion(Amount(amount=eur(100)), requires_code=True, **limits)
        sold = cart(line(1000), codes=(code("SAVE"),), uses={"sale": uses})

        quoted = quote(sold, rules(offer), NOW)

        problem = QuoteProblem(code="code-used-up", entered_code="SAVE")
        assert quoted.problems == ((problem,) if is_used_up else ())
        assert bool(quoted.discounts) is not is_used_up

    @pytest.mark.parametrize(
        ("condition", "changes"),
        [
            ("inactive", {"active": False}),
            ("not-started", {"starts_at": NOW + timedelta(microseconds=1)}),
            ("ended", {"ends_at": NOW}),
            ("group", {"conditions": Conditions(group="friends")}),
            ("first-order", {"conditions": Conditions(is_for_first_order=True)}),
            ("minimum", {"conditions": Conditions(minimum=eur(1001))}),
            ("products", {"selection": Selection(products=frozenset({"MUG"}))}),
            (
                "products",
                {"conditions": Conditions(selection=Selection(categories=frozenset({"mugs"})))},
            ),
        ],
    )
    def test_that_does_not_apply_says_which_condition(
        self, condition: str, changes: dict[str, object]
    ) -> None:
        offer = promotion(Amount(amount=eur(100)), requires_code=True, **changes)
        sold = cart(line(1000), codes=(code("SAVE"),), buyer=Buyer(has_ordered=True))

        quoted = quote(sold, rules(offer), NOW)

        assert quoted.problems == (
            QuoteProblem(code="code-not-applicable", entered_code="SAVE", condition=condition),
        )
        assert quoted.total == eur(1000)

    def test_that_was_entered_first_counts_for_its_promotion(self) -> None:
        codes = (code("GONE", is_used_up=True), code("ONE"), code("TWO"))

        quoted = quote(cart(line(1000), codes=codes), rules(self.OFFER), NOW)

        assert [(each.code, each.amount) for each in quoted.discounts] == [("ONE", 100)]
        assert [each.entered_code for each in quoted.problems] == ["GONE"]

    def test_comes_before_shipping_in_the_problems_in_the_order_entered(self) -> None:
        shop = rules(
            self.OFFER, shipping_zones=(GERMANY,), shipping_methods=(method(code="parcel"),)
        )
        sold = cart(line(1000), codes=(code("B", None), code("SAVE"), code("A", None)))

        quoted = quote(sold, shop, NOW)

        assert [(each.code, each.entered_code) for each in quoted.problems] == [
            ("code-not-found", "B"),
            ("code-not-found", "A"),
            ("shipping-unavailable", None),
        ]

    @pytest.mark.parametrize(("minimum", "applies"), [(1000, True), (1001, False)])
    def test_applies_from_its_minimum_on(self, minimum: int, *, applies: bool) -> None:
        offer = promotion(Amount(amount=eur(600)), conditions=Conditions(minimum=eur(minimum)))
        on_lines = promotion(Amount(amount=eur(300)), "first", target=Target.LINES)

        quoted = quote(cart(line(1000)), rules(offer, on_lines), NOW)

        # At list prices: what other promotions take off does not matter.
        assert quoted.discount == (900 if applies else 300)

    def test_counts_until_just_before_its_end(self) -> None:
        offer = promotion(
            Amount(amount=eur(100)), starts_at=NOW, ends_at=NOW + timedelta(microseconds=1)
        )

        assert quote(cart(line(1000)), rules(offer), NOW).discount == 100


def test_automatic_promotion_that_is_used_up_is_no_problem() -> None:
    offer = promotion(Amount(amount=eur(100)), limit=3)

    quoted = quote(cart(line(1000), uses={"sale": UsesSoFar(by_all=3)}), rules(offer), NOW)

    assert (quoted.total, quoted.discounts, quoted.problems) == (eur(1000), (), ())
