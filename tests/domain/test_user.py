import pytest

from shop.domain.shared.errors import InvalidValue
from shop.domain.user import (
    MAX_EMAIL_CHARACTERS,
    MAX_NAME_CHARACTERS,
    Forbidden,
    Role,
    normalise_email,
    normalise_name,
)
from tests.factories import user

ADA = user("ada")


class TestEmail:
    @pytest.mark.parametrize(
        ("text", "address"),
        [
            ("ada@example.com", "ada@example.com"),
            (" Ada@Example.COM\n", "ada@example.com"),
            ("ada+shop@sub.example.co.uk", "ada+shop@sub.example.co.uk"),
            ("o'hara@example.com", "o'hara@example.com"),
            ("a@b", "a@b"),
            ("a@localhost", "a@localhost"),
            ("ZOE\u0308@example.com", "zo\xeb@example.com"),
            ("大江@例え.jp", "大江@例え.jp"),
            ('"ada"@example.com', '"ada"@example.com'),
            ("ada@x--y_z", "ada@x--y_z"),
            ("a" * 64 + "@example.com", "a" * 64 + "@example.com"),
        ],
    )
    def test_address_is_normalised(self, text: str, address: str) -> None:
        assert normalise_email(text) == address
        assert normalise_email(address) == address

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "ada",
            "@example.com",
            "ada@",
            "ada\x00@example.com",
            "ada@example.com\r\nBcc: eve@example.com",
        ],
    )
    def test_any_other_text_is_rejected(self, text: str) -> None:
        with pytest.raises(InvalidValue) as caught:
            normalise_email(text)

        assert caught.value.field == "email"

    def test_length_is_limited(self) -> None:
        host = ".".join(["x" * 61] * 4)
        longest = "a" * (MAX_EMAIL_CHARACTERS - len(host) - 1) + "@" + host

        assert normalise_email(longest) == longest
        with pytest.raises(InvalidValue):
            normalise_email("a" + longest)

    def test_long_text_is_rejected_quickly(self) -> None:
        with pytest.raises(InvalidValue):
            normalise_email("a@" + "a" * 100_000)


class TestName:
    @pytest.mark.parametrize(
        ("text", "name"),
        [
            ("Ada", "Ada"),
            ("  Ada Lovelace\t", "Ada Lovelace"),
            ("Zoe\u0308", "Zo\xeb"),
            ("x" * MAX_NAME_CHARACTERS, "x" * MAX_NAME_CHARACTERS),
            (f" {'x' * MAX_NAME_CHARACTERS} ", "x" * MAX_NAME_CHARACTERS),
        ],
    )
    def test_name_is_normalised_and_stripped(self, text: str, name: str) -> None:
        assert normalise_name(text) == name

    @pytest.mark.parametrize("text", ["Ada\0", "Ada\nLovelace", "Ada\u2028L", "\ud800"])
    def test_name_is_a_single_line(self, text: str) -> None:
        with pytest.raises(InvalidValue) as caught:
            normalise_name(text)

        assert caught.value.field == "name"

    @pytest.mark.parametrize("text", ["", " \t\n", "x" * (MAX_NAME_CHARACTERS + 1)])
    def test_name_is_neither_empty_nor_too_long(self, text: str) -> None:
        with pytest.raises(InvalidValue) as caught:
            normalise_name(text)

        assert caught.value.field == "name"


class TestRoles:
    def test_roles_are_granted_and_revoked(self) -> None:
        admin = ADA.with_role(Role.ADMIN)

        assert admin.roles == {Role.CUSTOMER, Role.ADMIN}
        assert admin.with_role(Role.ADMIN) == admin
        assert admin.without_role(Role.ADMIN) == ADA
        assert ADA.without_role(Role.ADMIN) == ADA

    def test_missing_role_is_rejected(self) -> None:
        ADA.require(Role.CUSTOMER)
        with pytest.raises(Forbidden) as caught:
            ADA.require(Role.ADMIN)

        assert caught.value == Forbidden(role="admin")


def test_password_is_replaced_by_its_hash() -> None:
    assert ADA.with_password_hash("another") == user("ada", password_hash="another")
