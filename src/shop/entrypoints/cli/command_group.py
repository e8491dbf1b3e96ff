"""Groups of commands, each of which is imported when it is run."""

from difflib import get_close_matches
from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperCommand, TyperGroup
from typer.exceptions import TyperException
from typer.main import get_command

SIMILARITY = 0.7
"""How close a suggested command is to the one that was written, from 0 to 1."""

MARKUP: Final = "markdown"
"""How help texts are written."""


class DeferredCommand(TyperCommand):
    """A command that is described here, and imported when it is run or explains itself.

    `function` is its module in `commands` and its name there, such as `jobs:retry`. `summary` is
    the first paragraph of its docstring.
    """

    def __init__(self, name: str, function: str, *, summary: str, example: str) -> None:
        super().__init__(name, help=summary, epilog=f"Example: {example}", rich_markup_mode=MARKUP)
        self.function = function

    def make_context(self, *args: Any, **more: Any) -> Any:  # noqa: ANN401  As its base class.
        """Parse the arguments as the imported command does; that command then runs."""
        return self.imported().make_context(*args, **more)

    def imported(self) -> Any:  # noqa: ANN401  Its class is private to typer.
        """Return the command of the function."""
        path, _, name = self.function.partition(":")
        module = import_module(f"shop.entrypoints.cli.commands.{path}")
        program = typer.Typer(add_completion=False, rich_markup_mode=MARKUP)
        program.command(self.name, epilog=self.epilog)(getattr(module, name))
        return get_command(program)


class CommandGroup(TyperGroup):
    """A group that suggests the commands closest to an unknown one."""

    def resolve_command(
        self,
        ctx: Any,  # noqa: ANN401  Its class is private to typer.
        args: list[str],
    ) -> tuple[str | None, Any, list[str]]:
        """Return the command of the arguments; raise `TyperException`."""
        try:
            return super().resolve_command(ctx, args)
        except TyperException as error:
            close = get_close_matches(args[0], self.commands, n=2, cutoff=SIMILARITY)
            if close:
                error.message += f" Did you mean {' or '.join(map(repr, close))}?"
            raise
