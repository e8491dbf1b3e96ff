# ruff: noqa: RUF001  Letters that look like others.

import pytest

from shop.domain.catalogue.search_words import (
    _FOLDED,
    MAX_KEPT_CHARACTERS,
    MAX_WORD_CHARACTERS,
    exact_words,
    folded_words,
)


class TestAFoldedWord:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("TEA-EARL-GREY", ["tea", "earl", "grey"]),
            ("Łosoś wędzony", ["losos", "wedzony"]),
            ("Straße STRASSE", ["strasse", "strasse"]),
            ("Smørrebrød Ærø Đà", ["smorrebrod", "aero", "da"]),
            ("œuf Þór ħobż", ["oeuf", "thor", "hobz"]),
            ("İSTANBUL ısparta", ["istanbul", "isparta"]),
            ("ΤΣΆΪΣ τσάις", ["τσαισ", "τσαισ"]),
            ("ёлка Йод", ["елка", "иод"]),
            ("10½ m²", ["101", "2", "m2"]),
        ],
    )
    def test_has_neither_case_nor_accents(self, text: str, words: list[str]) -> None:
        assert list(folded_words(text)) == words

    def test_is_the_same_however_its_accents_are_written(self) -> None:
        assert list(folded_words("cre\u0300me")) == list(folded_words("crème")) == ["creme"]

    def test_is_the_same_with_characters_of_another_width(self) -> None:
        assert list(folded_words("ＴＥＡ ｶﾞﾗｽ")) == list(folded_words("tea ガラス"))

    def test_goes_on_after_what_is_not_seen(self) -> None:
        assert list(folded_words("Tee\u00adkanne می\u200cخواهم")) == ["teekanne", "میخواهم"]

    def test_ends_where_another_script_without_spaces_begins(self) -> None:
        assert list(folded_words("ABC茶碗5")) == ["abc", "茶碗", "5"]

    def test_leaves_no_trace_of_all_characters_that_strangers_ask_for(self) -> None:
        # Chinese alone has twice as many as are kept.
        text = "".join(map(chr, range(0x20000, 0x20000 + 2 * MAX_KEPT_CHARACTERS)))
        assert len("".join(folded_words(text))) == len(text)
        assert len(_FOLDED) <= MAX_KEPT_CHARACTERS

    def test_ends_at_any_sign(self) -> None:
        assert list(folded_words("l'eau, a_b (c/d)\ue000x")) == "l eau a b c d x".split()

    def test_is_cut_unless_its_script_has_no_spaces(self) -> None:
        long = "x" * (MAX_WORD_CHARACTERS + 1)
        assert list(folded_words(long)) == [long[:-1]]
        assert list(folded_words(f"é{long}")) == [f"e{long[:-2]}"]
        assert list(folded_words("茶" * 50)) == ["茶" * 50]


class TestAnExactWord:
    def test_keeps_its_accents_and_no_case(self) -> None:
        assert list(exact_words("Crème BRÛLÉE")) == ["crème", "brûlée"]

    def test_is_the_same_however_its_accents_are_written(self) -> None:
        assert list(exact_words("cre\u0300me")) == ["crème"]

    def test_keeps_an_accent_that_has_no_letter_of_its_own(self) -> None:
        assert list(exact_words("İzmir")) == ["i\u0307zmir"]

    def test_has_the_final_sigma_of_its_capital(self) -> None:
        assert list(exact_words("ΜΙΚΡΟΣ μικρος")) == ["μικροσ", "μικροσ"]


def test_a_text_without_letters_has_no_words() -> None:
    assert list(folded_words(" – !? \u0301 ")) == []
