"""Cuts texts into words that are compared without case and accents.

The shop does it itself, because databases fold differently: SQLite keeps the ł of "łosoś", and
PostgreSQL cuts numbers and hyphens in its own way.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence

MAX_WORD_CHARACTERS = 32
"""Longer words are equal if their first characters are."""

MAX_KEPT_CHARACTERS = 20_000
"""More than all that texts in one language have, Chinese included."""

_LETTERS = str.maketrans(
    {
        "ł": "l",
        "ø": "o",
        "đ": "d",
        "ß": "ss",
        "æ": "ae",
        "œ": "oe",
        "\u0131": "i",
        "þ": "th",
        "ð": "d",
        "ħ": "h",
    }
)
"""Letters that no normalisation of Unicode makes from a letter and a mark."""

_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
    "\u3005-\u3007\u3041-\u309f\u30a1-\u30ff\u31f0-\u31ff"  # Hiragana, Katakana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Han
)
"""Scripts that write words without spaces between them."""

_PIECES = re.compile(f"([{_UNSPACED}]+)|[^{_UNSPACED}]+")


class _Characters(dict[int, str | int | None]):
    """What becomes of each character, worked out when it is met first, for `str.translate`.

    Strangers choose the characters of their queries, so there is a limit to what is kept.
    """

    def __init__(self, *, folds: bool) -> None:
        self._folds = folds

    def __missing__(self, code: int) -> str | int | None:
        if len(self) >= MAX_KEPT_CHARACTERS:
            self.clear()
        result = self[code] = self._translate(chr(code))
        return result

    def _translate(self, character: str) -> str | None:
        if unicodedata.category(character) == "Cf":
            # Soft hyphens and joiners are inside words.
            return None
        if not _is_in_word(character):
            return " "
        if not self._folds:
            return character
        letters = unicodedata.normalize("NFKD", character)
        bare = "".join(each for each in letters if unicodedata.category(each) != "Mn")
        return bare.translate(_LETTERS)


_EXACT = _Characters(folds=False)
_FOLDED = _Characters(folds=True)


def exact_words(text: str) -> Sequence[str]:
    """Return the words of a text without case, each with its accents."""
    return _cut(caseless(text).translate(_EXACT))


def folded_words(text: str) -> Sequence[str]:
    """Return the words of a text without case and accents."""
    return _cut(caseless(text).translate(_FOLDED))


def caseless(text: str) -> str:
    """Return a text without case, and with one form of each character."""
    if text.isascii():
        return text.casefold()
    # Once more after the case: some capitals become letters with marks.
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def is_unspaced(word: str) -> bool:
    """Check whether the word is from a script without spaces, so that it has words inside."""
    if word.isascii():
        return False
    match = _PIECES.match(word)
    return match is not None and match.group(1) is not None


def pairs(word: str) -> Iterator[str]:
    """Yield the overlapping pairs of characters of a word from a script without spaces."""
    for start in range(len(word) - 1):
        yield word[start : start + 2]


def stored_words(words: Sequence[str]) -> Sequence[str]:
    """Return what is stored of words; of scripts without spaces, pairs and the last character.

    The last character begins no pair, so a query for it alone would not find it.
    """
    if "".join(words).isascii():
        return words
    return [
        part
        for word in words
        for part in ((*pairs(word), word[-1]) if is_unspaced(word) else (word,))
    ]


def _is_in_word(character: str) -> bool:
    return unicodedata.category(character)[0] in "LNM"


def _cut(text: str) -> Sequence[str]:
    if text.isascii():
        return [word[:MAX_WORD_CHARACTERS] for word in text.split()]
    return [
        piece.group() if piece.group(1) else piece.group()[:MAX_WORD_CHARACTERS]
        for run in text.split()
        for piece in _PIECES.finditer(run)
    ]
