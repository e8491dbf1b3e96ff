"""Write the digests of the most common passwords; decision 26 names the lists.

    .venv/bin/python -m tools.make_common_passwords LIST... --output FILE

A list is a text file with one password a line, or a JSON array, the most common first. All lists
but the last are taken whole; the last one fills the file up to `COUNT` passwords. Passwords that
are too short for the shop are left out.
"""

import argparse
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from shop.adapters.system.common_passwords import FILE, encode
from shop.domain.password import MIN_PASSWORD_CHARACTERS, comparison_key

COUNT = 100_000


def main() -> None:
    """Read the lists and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lists", nargs="+", type=Path)
    parser.add_argument("--output", type=Path, default=FILE)
    arguments = parser.parse_args()
    keys = dict.fromkeys(
        key
        for each in arguments.lists
        for key in map(comparison_key, _passwords(each))
        if len(key) >= MIN_PASSWORD_CHARACTERS
    )
    arguments.output.write_bytes(encode(islice(keys, COUNT)))


def _passwords(file: Path) -> Iterator[str]:
    text = file.read_text(encoding="utf-8", errors="replace")
    yield from json.loads(text) if file.suffix == ".json" else text.splitlines()


if __name__ == "__main__":
    main()
