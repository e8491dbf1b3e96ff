"""Revisions: the two states of the repository that are compared."""

import os
import subprocess
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

BASE, HEAD = "base", "head"

HASH_CHARACTERS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A state of the repository: its role, its name and its tree in git."""

    role: str
    name: str
    tree: str


class Repository:
    """The git repository of the project."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def committed(self, name: str) -> Revision:
        """Return the base: the commit of this name; raise `RuntimeError` if there is none."""
        try:
            commit = self._git("rev-parse", "--verify", f"{name}^{{commit}}")
        except RuntimeError:
            raise RuntimeError(f"unknown revision: {name}; name a commit, branch or tag") from None
        return Revision(role=BASE, name=commit[:HASH_CHARACTERS], tree=self._tree_of(commit))

    def working_tree(self) -> Revision:
        """Return the head: all files as they are now, except those that git ignores.

        The files are stored as a tree of git, so that later changes do not reach a running
        comparison. The repository's own index stays as it is.
        """
        commit = self._git("rev-parse", "HEAD")
        with TemporaryDirectory(prefix="shop-bench-") as folder:
            index = {"GIT_INDEX_FILE": str(Path(folder, "index"))}
            self._git("read-tree", commit, environment=index)
            self._git("add", "--all", environment=index)
            tree = self._git("write-tree", environment=index)
        changes = "" if tree == self._tree_of(commit) else f" with changes (tree {tree[:12]})"
        return Revision(role=HEAD, name=f"{commit[:HASH_CHARACTERS]}{changes}", tree=tree)

    def extract(self, revision: Revision, folder: Path) -> None:
        """Write the files of a revision into a new folder."""
        archive = folder.with_suffix(".tar")
        self._git("archive", f"--output={archive}", revision.tree)
        with tarfile.open(archive) as files:
            files.extractall(folder, filter="data")
        archive.unlink()

    def _tree_of(self, commit: str) -> str:
        return self._git("rev-parse", f"{commit}^{{tree}}")

    def _git(self, *arguments: str, environment: Mapping[str, str] | None = None) -> str:
        completed = subprocess.run(
            ["git", *arguments],  # noqa: S607  Any git will do.
            cwd=self._root,
            env={**os.environ, **(environment or {})},
            capture_output=True,
            text=True,
            check=False,
        )
        if completed.returncode:
            raise RuntimeError(f"git {arguments[0]} failed: {completed.stderr.strip()}")
        return completed.stdout.strip()
