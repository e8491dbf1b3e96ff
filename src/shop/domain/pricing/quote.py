"""Quotes carts: the only place where prices, discounts, shipping and taxes are computed."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from shop.domain.pricing.cart_to_quote import CartToQuote
from shop.domain.pricing.goods import Goods
from shop.domain.pricing.promotions.applicability import ApplicabilityCheck
from shop.domain.pricing.promotions.combination import (
    Combination,
    discount_goods,
    discount_shipping,
    possible_combinations,
)
from shop.domain.pricing.quoted import (
    Quote,
    QuotedDiscount,
    QuotedShipping,
    QuotedTax,
    QuoteProblem,
)
from shop.domain.pricing.rules import PricingRules, TaxRounding
from shop.domain.pricing.shipping.shipping_method import ShippingMethod
from shop.domain.pricing.shipping.shipping_tax import ShippedGoodsTax
from shop.domain.pricing.shipping_choice import (
    ShippingChoice,
    choose_shipping,
    find_method,
    tax_destination,
)
from shop.domain.pricing.taxes.calculation import Portion, TaxCalculation
from shop.domain.pricing.taxes.tax_group import TaxGroup, group_lines
from shop.domain.pricing.taxes.tax_rule import Sale
from shop.domain.pricing.taxes.treatments import TaxTreatments
from shop.domain.shared.money import Money


def quote(cart: CartToQuote, rules: PricingRules, at: datetime) -> Quote:
    """Return what a cart costs at a time, and what stops its order.

    Of promotions that cannot be combined, those with the lowest total are chosen. The function is
    pure: the same arguments have the same quote in every process.
    """
    pricing = _Pricing(cart, rules, at)
    applicability = ApplicabilityCheck(cart, pricing.goods, at).find(rules.promotions)
    combinations = possible_combinations(applicability.promotions)
    if len(combinations) == 2 and not pricing.can_cost_more_with_discounts:  # noqa: PLR2004
        # There is no choice but the promotions or none, and none costs no less.
        combinations = combinations[:1]
    best = min(map(pricing.price, combinations), key=lambda each: each.total.amount)
    if not applicability.problems:
        return best
    return replace(best, problems=(*applicability.problems, *best.problems))


class _Pricing:
    """Prices one cart with any combination of promotions."""

    def __init__(self, cart: CartToQuote, rules: PricingRules, at: datetime) -> None:
        self._cart = cart
        self._rules = rules
        self._at = at
        self._method = find_method(cart, rules)
        self._treatments: TaxTreatments | None = None
        self._tax_groups: Sequence[TaxGroup] = ()
        self._shipped_groups: Sequence[TaxGroup] = ()
        self.goods = Goods(cart.lines)

    @property
    def can_cost_more_with_discounts(self) -> bool:
        """Whether a discount of the goods can raise the price of shipping, or the tax on it."""
        return self._method is not None and (
            self._method.price_depends_on_amount
            or (self._method.tax.depends_on_amounts and not self._rules.prices_include_tax)
        )

    def price(self, combination: Combination) -> Quote:
        """Return the quote with these promotions; those that give nothing have no discount."""
        cart, rules, goods = self._cart, self._rules, self.goods
        goods.restore()
        line_shares = discount_goods(goods, combination)
        choice = choose_shipping(cart, rules, self._method, goods)
        shipping_shares = discount_shipping(choice.price, combination)
        shipping_left = choice.price - sum(shipping_shares)
        taxes = self._tax(choice.method, shipping_left)
        total = sum(goods.left) + shipping_left
        if not rules.prices_include_tax:
            total += sum(tax.amount for tax in taxes)
        return Quote(
            currency=rules.currency,
            prices_include_tax=rules.prices_include_tax,
            lines=cart.lines,
            shipping=_quoted_shipping(choice),
            discounts=_quoted_discounts(combination, line_shares, shipping_shares),
            taxes=taxes,
            problems=_problems_of(choice),
            total=Money(amount=total, currency=rules.currency),
        )

    def _tax(self, method: ShippingMethod | None, shipping_left: int) -> tuple[QuotedTax, ...]:
        rules, left = self._rules, self.goods.left
        if rules.tax_table.is_empty:
            return ()
        if self._treatments is None:
            self._treatments = self._find_treatments()
            self._tax_groups = group_lines(self._cart.lines, self._treatments)
            self._shipped_groups = sorted(
                (group for group in self._tax_groups if group.shipped),
                key=lambda group: group.shipped[0],
            )
        groups = self._tax_groups
        shipping: Sequence[Portion] = ()
        if method is not None:
            shipped = [
                ShippedGoodsTax(
                    treatment=group.treatment,
                    amount=sum([left[each] for each in group.shipped]),
                    lines=len(group.shipped),
                )
                for group in self._shipped_groups
            ]
            shipping = method.tax.portions(shipping_left, shipped, self._treatments)
        calculation = TaxCalculation(
            prices_include_tax=rules.prices_include_tax,
            rounds_lines=rules.tax_rounding is TaxRounding.LINE,
        )
        return calculation.taxes(groups, left, shipping)

    def _find_treatments(self) -> TaxTreatments:
        rules = self._rules
        return TaxTreatments(
            Sale.of(
                home=rules.home,
                destination=tax_destination(self._cart, rules, self._method),
                vat_country=self._cart.buyer.vat_country,
                at=self._at,
                table=rules.tax_table,
            )
        )


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
    for each, shares, shipping_share in zip(combination, line_shares, shipping_shares, strict=True):
        amount = sum(shares) + shipping_share
        if amount:
            discounts.append(
                QuotedDiscount(
                    promotion=each.promotion.slug,
                    code=each.code,
                    name=each.promotion.name,
                    line_shares=shares,
                    shipping_share=shipping_share,
                    amount=amount,
                )
            )
    return tuple(discounts)


def _problems_of(choice: ShippingChoice) -> tuple[QuoteProblem, ...]:
    return () if choice.problem is None else (choice.problem,)
