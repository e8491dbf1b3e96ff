"""What no statement in an order's path may use, because not every engine with this protocol has it.

Session state also stays behind when a pooler gives the connection to another client.
"""

import re

_FIRST = r"(?:^|;)\s*"

NOT_PORTABLE = {
    "advisory lock": r"\bpg_(?:try_)?advisory_\w+",
    "LISTEN or NOTIFY": rf"{_FIRST}(?:UN)?LISTEN\b|{_FIRST}NOTIFY\b|\bpg_notify\s*\(",
    "SAVEPOINT": rf"{_FIRST}(?:SAVEPOINT|RELEASE|ROLLBACK\s+TO)\b",
    "sequence": r"\b(?:nextval|currval|setval|lastval)\s*\(|\b(?:CREATE|ALTER|DROP)\s+SEQUENCE\b",
    "temporary table": r"\bTEMP(?:ORARY)?\b|\bpg_temp\b",
    "session state": rf"{_FIRST}SET\s+(?!LOCAL\b|TRANSACTION\b|CONSTRAINTS\b)"
    rf"|{_FIRST}(?:RESET|DISCARD|PREPARE|LOAD)\b|\bWITH\s+HOLD\b"
    r"|\bset_config\s*\((?:[^()]|\([^()]*\))*,(?!\s*true\s*\))[^,()]+\)",
}

_PATTERNS = {name: re.compile(text, re.IGNORECASE) for name, text in NOT_PORTABLE.items()}
_SETTING = re.compile(r"\s*SET\s", re.IGNORECASE)


def find_not_portable(text: str) -> str | None:
    """Return what a statement uses that it must not, or None."""
    return next((name for name, pattern in _PATTERNS.items() if pattern.search(text)), None)


def sets_only(text: str) -> bool:
    """Check whether all statements of a text are SET: a connection may begin with them."""
    return all(_SETTING.match(each) for each in text.split(";") if each.strip())
