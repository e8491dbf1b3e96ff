"""Examples of imports of products."""

from collections.abc import Mapping
from typing import Any

Json = Mapping[str, Any]

_NOON = "2026-11-21T12:00:00Z"
_BEGUN: Json = {
    "id": "01932b7e-8f3c-7a19-9c1d-5e6f7a8b9c0d",
    "status": "checking",
    "dry_run": False,
    "format": None,
    "encoding": None,
    "rows": 0,
    "applied": 0,
    "added": 0,
    "changed": 0,
    "unchanged": 0,
    "errors": [],
    "remarks": [],
    "created_at": _NOON,
    "finished_at": None,
}
_FAULT: Json = {
    "line": 3,
    "column": "price",
    "detail": "must be 1 to 1000000000 minor units, such as 1990, not 'free'.",
}

IMPORT_REQUESTS: Mapping[str, Json] = {"begin_import": {"file": "(the bytes of the file)"}}
IMPORT_RESPONSES: Mapping[tuple[str, int], Json] = {
    ("begin_import", 202): _BEGUN,
    ("show_import", 200): {
        **_BEGUN,
        "status": "failed",
        "format": "shop",
        "encoding": "utf-8",
        "rows": 2,
        "errors": [_FAULT],
        "finished_at": _NOON,
    },
}
