import pytest

from shop.domain.account import BalanceTooLarge, InsufficientFunds, ShopAccount
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.money import MAX_AMOUNT, Money
from tests.factories import EUR, SALES, USD, account, eur, transfer, user

ADA_ACCOUNT = account(user("ada"), 100)


class TestAccount:
    def test_money_is_debited_and_credited(self) -> None:
        assert ADA_ACCOUNT.withdraw(eur(100)).balance == eur(0)
        assert ADA_ACCOUNT.deposit(eur(1)).balance == eur(101)
        assert account(user("ada"), 100) == ADA_ACCOUNT

    def test_balance_cannot_fall_below_its_minimum(self) -> None:
        with pytest.raises(InsufficientFunds) as caught:
            ADA_ACCOUNT.withdraw(eur(101))

        assert caught.value == InsufficientFunds(balance=eur(100), required=eur(101))

    @pytest.mark.parametrize("amount", [0, -1])
    def test_amount_must_be_positive(self, amount: int) -> None:
        for move in (ADA_ACCOUNT.withdraw, ADA_ACCOUNT.deposit):
            with pytest.raises(InvalidValue) as caught:
                move(eur(amount))

            assert caught.value.field == "amount"

    def test_negative_minimum_allows_debt(self) -> None:
        generous = account(user("ada"), 100, minimum_balance=eur(-50))

        assert generous.withdraw(eur(150)).balance == eur(-50)
        with pytest.raises(InsufficientFunds):
            generous.withdraw(eur(151))

    def test_balance_cannot_exceed_the_largest_amount(self) -> None:
        full = account(user("ada"), MAX_AMOUNT - 1)

        assert full.deposit(eur(1)).balance == eur(MAX_AMOUNT)
        with pytest.raises(BalanceTooLarge):
            full.deposit(eur(2))

    def test_other_currency_is_rejected(self) -> None:
        dollar = Money(amount=1, currency=USD)

        for move in (ADA_ACCOUNT.withdraw, ADA_ACCOUNT.deposit):
            with pytest.raises(InvalidValue) as caught:
                move(dollar)
            assert caught.value.field == "currency"


class TestTransfer:
    @pytest.mark.parametrize("amount", [0, -1])
    def test_amount_must_be_positive(self, amount: int) -> None:
        with pytest.raises(InvalidValue) as caught:
            transfer(ADA_ACCOUNT.id, SALES, amount)

        assert caught.value.field == "amount"

    def test_accounts_must_differ(self) -> None:
        with pytest.raises(InvalidValue) as caught:
            transfer(ADA_ACCOUNT.id, ADA_ACCOUNT.id)

        assert caught.value.field == "to"


class TestShopAccounts:
    def test_each_has_its_own_id_in_each_currency(self) -> None:
        ids = {each.account_id(currency) for each in ShopAccount for currency in (EUR, USD)}

        assert len(ids) == len(ShopAccount) * 2

    def test_ids_are_stable(self) -> None:
        # Every shop has stored them in its transfers: a change would orphan those.
        assert {each.value: str(each.account_id(EUR)) for each in ShopAccount} == {
            "sales": "9f33248b-1e3a-51a1-b2a8-ba697896d651",
            "card_clearing": "517557d4-c3f1-5250-9ebb-3bdbb4e26e6c",
            "adjustments": "7c6a848a-1e44-5478-b79f-ccf2a1e19152",
        }
