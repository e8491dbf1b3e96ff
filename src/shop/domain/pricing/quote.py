"""Quotes carts: the only place that computes prices, discounts, shipping and taxes."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from shop.domain.pricing.cart_shipping import CartShipping, ShippingChoice, find_unknown_method
from shop.domain.pricing.cart_taxes import CartTaxes
from shop.domain.pricing.cart_to_quote import CartToQuote
from shop.domain.pricing.goods import Goods
from shop.domain.pricing.promotions.applicability import ApplicabilityCheck
from shop.domain.pricing.promotions.combination import (
    NO_PROMOTIONS,
    Combination,
    discount_lines,
    discount_shipping,
    possible_combinations,
)
from shop.domain.pricing.quoted import Quote, QuotedDiscount, QuotedShipping
from shop.domain.pricing.rules import PricingRules
from shop.domain.pricing.taxes.tax_rule import Sale
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.money import Money


def quote(cart: CartToQuote, rules: PricingRules, at: datetime) -> Quote:
    """Return what a cart costs at a time, and what stops its order.

    Of promotions that cannot be combined, those with the lowest total are chosen, unless nothing
    could be shipped with them. The function is pure: the same arguments have the same quote in
    every process. Raise `InvalidValue` if the total is too large for `Money`.
    """
    if rules.leave_prices_alone and not cart.codes:
        return _quote_list_prices(cart, rules)
    goods = Goods(cart.lines)
    applicability = ApplicabilityCheck(cart, goods, at).find(rules.promotions)
    pricing = _Pricing(cart, rules, at, goods)
    can_be_worse = pricing.can_be_worse_with_discounts
    combinations = possible_combinations(
        applicability.promotions, can_be_worse_together=can_be_worse
    )
    if not combinations or can_be_worse:
        combinations.append(NO_PROMOTIONS)
    best = _best(pricing, combinations)
    if not applicability.problems:
        return best
    return replace(best, problems=(*applicability.problems, *best.problems))


def _quote_list_prices(cart: CartToQuote, rules: PricingRules) -> Quote:
    """Return the lines at their prices, which is all in a shop without rules."""
    currency = rules.currency
    unknown_method = find_unknown_method(cart, rules)
    amounts = (line.unit_price * line.quantity for line in cart.lines)
    return Quote(
        currency=currency,
        prices_include_tax=rules.prices_include_tax,
        lines=cart.lines,
        shipping=None,
        discounts=(),
        taxes=(),
        problems=() if unknown_method is None else (unknown_method,),
        total=Money.total(amounts, currency),
    )


class _Pricing:
    """Prices one cart with any combination of promotions."""

    def __init__(self, cart: CartToQuote, rules: PricingRules, at: datetime, goods: Goods) -> None:
        self._cart = cart
        self._rules = rules
        self._goods = goods
        self._shipping = CartShipping(cart, rules, goods)
        self._taxes: CartTaxes | None = None
        if not rules.tax_table.is_empty:
            sale = Sale(
                home=rules.home,
                destination=self._shipping.find_place_of_sale(rules.home),
                vat_country=cart.buyer.vat_country,
                at=at,
                table=rules.tax_table,
            )
            self._taxes = CartTaxes(goods, sale, rules)

    @property
    def can_be_worse_with_discounts(self) -> bool:
        """Whether a discount of lines can make shipping dearer or unavailable."""
        method = self._shipping.method
        return method is not None and (
            method.price_depends_on_amount
            or (method.tax.depends_on_amounts and not self._rules.prices_include_tax)
        )

    def price(self, combination: Combination) -> Quote:
        """Return the quote with these promotions, without those that give nothing."""
        rules = self._rules
        left, line_shares = discount_lines(self._goods, combination)
        choice = self._shipping.choose(left)
        shipping_left, shipping_shares = discount_shipping(choice.price, combination)
        taxes = () if self._taxes is None else self._taxes.of(left, choice.method, shipping_left)
        total = sum(left) + shipping_left
        if not rules.prices_include_tax:
            total += sum([tax.amount for tax in taxes])
        return Quote(
            currency=rules.currency,
            prices_include_tax=rules.prices_include_tax,
            lines=self._cart.lines,
            shipping=_quoted_shipping(choice),
            discounts=_quoted_discounts(combination, line_shares, shipping_shares),
            taxes=taxes,
            problems=() if choice.problem is None else (choice.problem,),
            total=Money(amount=total, currency=rules.currency),
        )


def _best(pricing: _Pricing, combinations: Sequence[Combination]) -> Quote:
    """Return the first of the best quotes; those that are too large for `Money` are none."""
    quotes: list[Quote] = []
    too_large: InvalidValue | None = None
    for combination in combinations:
        try:
            quotes.append(pricing.price(combination))
        except InvalidValue as error:
            too_large = error
    if too_large is not None and not quotes:
        raise too_large
    return min(quotes, key=lambda each: (len(each.problems), each.total.amount))


def _quoted_shipping(choice: ShippingChoice) -> QuotedShipping | None:
    if choice.method is None:
        return None
    return QuotedShipping(method=choice.method.code, name=choice.method.name, price=choice.price)


def _quoted_discounts(
    combination: Combination,
    line_shares: Sequence[tuple[int, ...]],
    shipping_shares: Sequence[int],
) -> tuple[QuotedDiscount, ...]:
    discounts: list[QuotedDiscount] = []
    for each, of_lines, of_shipping in zip(combination, line_shares, shipping_shares, strict=True):
        amount = sum(of_lines) + of_shipping
        if amount:
            discounts.append(
                QuotedDiscount(
                    promotion=each.promotion.slug,
                    code=each.code,
                    name=each.promotion.name,
                    line_shares=of_lines,
                    shipping_share=of_shipping,
                    amount=amount,
                )
            )
    return tuple(discounts)
