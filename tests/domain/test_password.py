import pytest

from shop.domain.password import (
    LENGTH_RULE,
    MAX_PASSWORD_CHARACTERS,
    MIN_PASSWORD_CHARACTERS,
    comparison_key,
    is_personal,
    normalise_password,
    password_forms,
)
from shop.domain.shared.errors import InvalidValue

E_COMPOSED, E_DECOMPOSED = "\u00e9", "e\u0301"


class TestANewPassword:
    @pytest.mark.parametrize(
        "password",
        [
            "x" * MIN_PASSWORD_CHARACTERS,
            "x" * MAX_PASSWORD_CHARACTERS,
            "        ",
            "密码密码密码密码",
            "🙂" * MAX_PASSWORD_CHARACTERS,
            "tab\tline\nbell\a",
            "zero\u200bwidth",
        ],
    )
    def test_may_have_any_characters(self, password: str) -> None:
        assert normalise_password(password) == password

    @pytest.mark.parametrize(
        ("text", "password"),
        [
            (E_DECOMPOSED * MIN_PASSWORD_CHARACTERS, E_COMPOSED * MIN_PASSWORD_CHARACTERS),
            (E_DECOMPOSED * MAX_PASSWORD_CHARACTERS, E_COMPOSED * MAX_PASSWORD_CHARACTERS),
            ("\uff50\uff41\uff53\uff53\uff57\uff4f\uff52\uff44", "password"),
            ("ﬁ" * 4, "fi" * 4),
        ],
    )
    def test_has_one_form_after_which_its_characters_count(self, text: str, password: str) -> None:
        assert normalise_password(text) == password

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "x" * (MIN_PASSWORD_CHARACTERS - 1),
            E_DECOMPOSED * (MIN_PASSWORD_CHARACTERS - 1),
            "x" * (MAX_PASSWORD_CHARACTERS + 1),
            "ﬁ" * MAX_PASSWORD_CHARACTERS,
        ],
    )
    def test_is_neither_too_short_nor_too_long(self, text: str) -> None:
        with pytest.raises(InvalidValue) as caught:
            normalise_password(text, field="new")

        assert caught.value == InvalidValue(field="new", rule=LENGTH_RULE)

    @pytest.mark.parametrize("text", ["12345678\0", "\ud83d with half a key", "half a key \udd11"])
    def test_has_neither_nul_nor_a_lone_surrogate(self, text: str) -> None:
        with pytest.raises(InvalidValue) as caught:
            normalise_password(text)

        assert caught.value.rule == "must not contain NUL or a lone surrogate"


class TestTheFormsOfAPassword:
    def test_begin_with_the_one_form(self) -> None:
        assert password_forms("caf" + E_DECOMPOSED) == ("caf" + E_COMPOSED, "caf" + E_DECOMPOSED)

    def test_are_one_if_the_text_is_in_that_form(self) -> None:
        assert password_forms("caf" + E_COMPOSED) == ("caf" + E_COMPOSED,)

    def test_are_not_longer_than_any_password(self) -> None:
        ligatures = "ﬁ" * MAX_PASSWORD_CHARACTERS

        assert password_forms(ligatures) == (ligatures,)
        assert password_forms(E_DECOMPOSED * MAX_PASSWORD_CHARACTERS) == (
            E_COMPOSED * MAX_PASSWORD_CHARACTERS,
        )
        assert password_forms("x" * 1000) == ("x" * (MAX_PASSWORD_CHARACTERS + 1),)


class TestAPersonalPassword:
    @pytest.mark.parametrize(
        "password",
        [
            "ada.lovelace+shop@example.com",
            "Ada.Lovelace+Shop@Example.COM",
            "adalovelaceshop",
            "Ada King",
            "adaking1815",
            "1815 Ada King",
            "lovelace",
            "LOVELACE99!",
            "\uff4c\uff4f\uff56\uff45\uff4c\uff41\uff43\uff45",
            "Ada-Lovelace-Shop 1",
            "king123456",
        ],
    )
    def test_is_the_name_or_the_address_or_a_part_of_them(self, password: str) -> None:
        assert is_personal(password, name="Ada King", email="ada.lovelace+shop@example.com")

    @pytest.mark.parametrize(
        "password",
        ["correct horse battery", "ada likes trains", "12345678", "!!!!????", "ada12345"],
    )
    def test_is_no_other_one(self, password: str) -> None:
        assert not is_personal(password, name="Ada King", email="ada.lovelace+shop@example.com")

    def test_is_a_short_local_part_with_digits(self) -> None:
        assert is_personal("ada12345", name="Countess", email="ada@example.com")

    def test_is_a_name_in_any_script(self) -> None:
        assert is_personal("ОЛЬГА 2001", name="Ольга", email="o@example.com")


def test_comparison_key_ignores_case_and_width() -> None:
    assert comparison_key(" \uff30\uff41\uff53\uff53WORD\u00b2 ") == "password2"
