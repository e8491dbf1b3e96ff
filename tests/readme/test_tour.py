"""The tours of the documentation run: each is executed block by block against a new server."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.servers import ShopServer, reserved_port
from tests.timeouts import TEST_TIMEOUT_SECONDS

ROOT = Path(__file__).parents[2]
TOURS = ("README.md", "docs/reference/api-tour.md")
CALLS_IN_README = 10
END = "--- end of block ---"

# What differs from one run to the next, by what it looks like.
PASSING = (
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "an id"),
    (re.compile(r"[0-9a-f]{32}"), "a request id"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "a time"),
    (re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}"), "an order number"),
)


@dataclass(frozen=True, kw_only=True)
class Block:
    """Commands of a tour, and what the page says that they print."""

    commands: str
    printed: str


def _blocks(page: str) -> list[Block]:
    found = re.findall(
        r"```sh\n(.*?)```(?:\n\n```(?:json|text)\n(.*?)```)?",
        Path(ROOT, page).read_text(),
        re.DOTALL,
    )
    return [Block(commands=commands, printed=printed) for commands, printed in found]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ShopServer]:
    """Serve what `make run` does, in a folder of its own."""
    Path(tmp_path, ".venv").symlink_to(sys.prefix)
    with reserved_port() as port:
        server = ShopServer(folder=tmp_path, settings={}, workers=1, port=port)
        seeded = server.run("seed")
        assert seeded.returncode == 0, seeded.stderr
        server.start()
        yield server
        server.stop()


@pytest.mark.parametrize("page", TOURS)
def test_tour_prints_what_the_page_says(server: ShopServer, page: str) -> None:
    blocks = _blocks(page)
    assert len(blocks) >= CALLS_IN_README
    script = f"\nprintf '\\n{END}\\n'\n".join(block.commands for block in blocks)

    taken = subprocess.run(
        ["bash", "-eu"],  # noqa: S607  The shell that the reader has.
        input=script.replace("127.0.0.1:8000", f"127.0.0.1:{server.port}"),
        cwd=server.folder,
        env=server.environment,
        capture_output=True,
        text=True,
        timeout=TEST_TIMEOUT_SECONDS,
        check=False,
    )

    assert taken.returncode == 0, taken.stderr
    printed = taken.stdout.split(f"\n{END}\n")
    assert [_normal(each) for each in printed] == [_normal(block.printed) for block in blocks]


def test_readme_makes_ten_calls() -> None:
    assert len(_blocks("README.md")) == CALLS_IN_README


def _normal(text: str) -> object:
    for pattern, name in PASSING:
        text = pattern.sub(name, text)
    return _documents(text) or text.split()


def _documents(text: str) -> list[object]:
    """Return the JSON objects that follow one another in a text; none if it is not JSON."""
    decoder = json.JSONDecoder()
    found: list[object] = []
    rest = " ".join(line.strip() for line in text.splitlines()).strip()
    while rest.startswith("{"):
        document, end = decoder.raw_decode(rest)
        found.append(document)
        rest = rest[end:].strip()
    return [] if rest else found
