"""Installs each revision in an environment of its own, from its own lock file."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from bench.comparison.dialects import Dialect, HelpOf, UnknownDialect, dialect_of
from bench.comparison.revisions import Repository, Revision
from bench.servers import Server, run_program, serving

UV = Path(sys.executable).with_name("uv")
LOCK = Path("requirements", "run.txt")

WIDE = {"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}
"""Settings that keep the help from being wrapped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """A revision's own `shop` command and its dialect."""

    revision: Revision
    program: Path
    dialect: Dialect

    def run(self, command: Sequence[str], environment: Mapping[str, str], folder: Path) -> None:
        """Run a command in a folder to its end; raise `RuntimeError` if it fails."""
        completed = run_program([str(self.program), *command], environment, folder)
        if completed.returncode:
            status = completed.returncode
            error = RuntimeError(
                f"{self.revision.role}: `shop {command[0]}` failed with status {status}"
            )
            error.add_note(f"{completed.stdout}{completed.stderr}")
            raise error

    def serving(
        self, command: Sequence[str], environment: Mapping[str, str], folder: Path
    ) -> AbstractContextManager[Server]:
        """Run a command that serves HTTP, in a folder, until the end."""
        return serving([str(self.program), *command], environment, folder)


def install(repository: Repository, revision: Revision, folder: Path) -> Installation:
    """Install a revision into a new folder, with exactly its locked packages.

    Raise `RuntimeError` if that fails or no dialect fits the revision.
    """
    folder.mkdir()
    source, environment = folder / "source", folder / "environment"
    repository.extract(revision, source)
    python = environment / "bin" / "python"
    _uv(revision, "venv", "--python", sys.executable, str(environment))
    into = ("pip", "install", "--python", str(python), "--no-deps")
    _uv(revision, *into, "--require-hashes", "--requirements", str(source / LOCK))
    _uv(revision, *into, "--no-build-isolation", "--editable", str(source))
    program = python.with_name("shop")
    try:
        dialect = dialect_of(help_by(program, folder), documentation_of(source))
    except UnknownDialect as error:
        raise RuntimeError(f"{revision.role} ({revision.name}): {error}") from None
    return Installation(revision=revision, program=program, dialect=dialect)


def help_by(program: Path, folder: Path) -> HelpOf:
    """Return the function that asks a program for the help of its commands."""

    def help_of(command: str) -> str:
        completed = run_program([str(program), command, "--help"], WIDE, folder)
        return "" if completed.returncode else completed.stdout

    return help_of


def documentation_of(source: Path) -> str:
    """Return the text of a revision's documentation, which names its settings."""
    files = [source / "README.md", *sorted((source / "docs").rglob("*.md"))]
    return "\n".join(file.read_text() for file in files if file.exists())


def _uv(revision: Revision, *arguments: str) -> None:
    # uv takes its settings from the environment, as `make` does.
    completed = subprocess.run(
        [UV, "--quiet", *arguments], capture_output=True, text=True, check=False
    )
    if completed.returncode:
        raise RuntimeError(
            f"cannot install {revision.role} ({revision.name}): {completed.stderr.strip()}"
        )
