"""Finds characters that no one sees, or that change the direction of a text.

With them, two texts look alike and differ, or a name looks empty. Joiners and variation selectors
stay where they change what is seen: in Arabic and Indic scripts, and in emoji.
"""

import re
import unicodedata
from collections.abc import Iterator

_DEFAULT_IGNORABLE = (
    "00AD 034F 061C 115F-1160 17B4-17B5 180B-180F 200B-200F 202A-202E 2060-206F 3164 FE00-FE0F "
    "FEFF FFA0 FFF0-FFF8 1BCA0-1BCA3 1D173-1D17A E0000-E0FFF"
)
"""Default_Ignorable_Code_Point (DerivedCoreProperties.txt, Unicode 15.0), with bidi controls."""

_OTHER_BLANKS = "2800 FFF9-FFFC 13441 16FE4 1D159"
"""Blank glyphs that are no spaces, and the marks and the place of an annotation or an object."""

_NONCHARACTERS = "FDD0-FDEF " + " ".join(f"{plane:X}FFFE-{plane:X}FFFF" for plane in range(17))

_PICTOGRAPHIC = (
    "00A9 00AE 203C 2049 2122 2139 2194-2199 21A9-21AA 231A-231B 2328 2388 23CF 23E9-23F3 "
    "23F8-23FA 24C2 25AA-25AB 25B6 25C0 25FB-25FE 2600-2605 2607-2612 2614-2685 2690-2705 "
    "2708-2712 2714 2716 271D 2721 2728 2733-2734 2744 2747 274C 274E 2753-2755 2757 2763-2767 "
    "2795-2797 27A1 27B0 27BF 2934-2935 2B05-2B07 2B1B-2B1C 2B50 2B55 3030 303D 3297 3299 "
    "1F000-1F0FF 1F10D-1F10F 1F12F 1F16C-1F171 1F17E-1F17F 1F18E 1F191-1F19A 1F1AD-1F1E5 "
    "1F201-1F20F 1F21A 1F22F 1F232-1F23A 1F23C-1F23F 1F249-1F3FA 1F400-1F53D 1F546-1F64F "
    "1F680-1F6FF 1F774-1F77F 1F7D5-1F7FF 1F80C-1F80F 1F848-1F84F 1F85A-1F85F 1F888-1F88F "
    "1F8AE-1F8FF 1F90C-1F93A 1F93C-1F945 1F947-1FAFF 1FC00-1FFFD"
)
"""Extended_Pictographic (emoji-data.txt, Unicode 15.0); includes code points of future emoji."""


def _character_class(ranges: str) -> str:
    """Return the ranges as they are written inside the brackets of a regular expression."""
    return "".join(
        "-".join(f"\\U{int(end, 16):08X}" for end in each.split("-")) for each in ranges.split()
    )


_CONTROLS = r"\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff"

_SUSPICIOUS = re.compile(
    f"[{_CONTROLS}{_character_class(f'{_DEFAULT_IGNORABLE} {_OTHER_BLANKS} {_NONCHARACTERS}')}]"
)

_EMOJI = f"[{_character_class(_PICTOGRAPHIC)}]"
_TONE = r"[\U0001F3FB-\U0001F3FF]"
_EMOJI_SEQUENCE = re.compile(
    r"\U0001F3F4[\U000E0030-\U000E0039\U000E0061-\U000E007A]{3,6}\U000E007F|"
    # UTS 51, section 1.4: emoji with a style or a skin tone, joined; a black flag with the name
    # of a region in tag characters; and keycaps.
    rf"{_EMOJI}(?:[\uFE0E\uFE0F]|{_TONE})?(?:\u200D{_EMOJI}(?:\uFE0F|{_TONE})?)*"
    r"|[0-9#*]\uFE0F\u20E3"
)

_KINDS = {"Cc": "(a control character)", "Cs": "(a lone surrogate)"}
_CONTROL_NAMES = {"\0": "NULL", "\t": "TAB", "\n": "LINE FEED", "\r": "CARRIAGE RETURN"}
"""Names that `unicodedata` does not know."""

_JOINERS = "\u200c\u200d"
_VIRAMA_CLASS = 9
_CURSIVE_SCRIPTS = ("ARABIC", "SYRIAC", "MONGOLIAN", "NKO", "MANDAIC", "ADLAM", "HANIFI ROHINGYA")
"""Scripts in which a joiner between two letters decides whether they are connected."""


def is_plain(text: str) -> bool:
    """Check for a line of visible ASCII, as most texts are: faster than a pattern."""
    return text.isascii() and text.isprintable()


def find_hidden_character(
    text: str, *, is_multiline: bool = False, allows_joiners: bool = True
) -> str | None:
    """Return the first control, invisible or direction-changing character, or None."""
    found = hidden_characters(text, is_multiline=is_multiline, allows_joiners=allows_joiners)
    return next(found, None)


def hidden_characters(
    text: str, *, is_multiline: bool = False, allows_joiners: bool = True
) -> Iterator[str]:
    """Yield each of them, also repeatedly."""
    if is_plain(text):
        return
    first = _SUSPICIOUS.search(text)
    if first is None:
        return
    emoji = _positions_in_emoji(text) if allows_joiners else frozenset()
    for match in _SUSPICIOUS.finditer(text, first.start()):
        position, character = match.start(), match.group()
        if is_multiline and character in "\t\n\r":
            continue
        if position in emoji or (allows_joiners and _joins_letters(text, position)):
            continue
        yield character


def describe_character(character: str) -> str:
    """Return the code point of a character and its name, such as "U+200B ZERO WIDTH SPACE"."""
    kind = _KINDS.get(unicodedata.category(character), "(no character)")
    name = unicodedata.name(character, _CONTROL_NAMES.get(character, kind))
    return f"U+{ord(character):04X} {name}"


def has_visible_character(text: str) -> bool:
    """Check for a letter, a digit, a sign or a symbol: marks and spaces alone show nothing."""
    return any(unicodedata.category(each)[0] in "LNPS" for each in text)


def _positions_in_emoji(text: str) -> frozenset[int]:
    return frozenset(_all_positions(text))


def _all_positions(text: str) -> Iterator[int]:
    for match in _EMOJI_SEQUENCE.finditer(text):
        yield from range(*match.span())


def _joins_letters(text: str, position: int) -> bool:
    """Check for a joiner that changes how its neighbours look (RFC 5892, appendix A)."""
    if text[position] not in _JOINERS:
        return False
    before, after = text[position - 1 : position], text[position + 1 : position + 2]
    if not before:
        return False
    # Hindi and Sinhala have it after a virama; Bengali also between a letter and its virama.
    is_virama = _is_virama(before) or (_is_virama(after) and before.isalpha())
    return is_virama or (_is_cursive(before) and _is_cursive(after))


def _is_virama(character: str) -> bool:
    return bool(character) and unicodedata.combining(character) == _VIRAMA_CLASS


def _is_cursive(character: str) -> bool:
    return (
        bool(character)
        and unicodedata.category(character)[0] in "LM"
        and unicodedata.name(character, "").startswith(_CURSIVE_SCRIPTS)
    )
