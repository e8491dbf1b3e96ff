"""The dialects of `shop`: the commands and settings of different revisions.

A commit that renames one of them adds a line to `DIALECTS`.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

SECRET = "a secret for the benchmark only, 0123456789"  # noqa: S105  It protects nothing.
WELCOME_CREDIT = 10**12

HelpOf = Callable[[str], str]
"""Returns what a command of the revision prints for `--help`; nothing if it has no such command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """The commands of one or more revisions, and the settings they run with.

    A file's path follows `import_products` and `gateway`; `--port` follows `serve` and `gateway`.
    """

    name: str
    migrate: Sequence[str] = ("migrate",)
    import_products: Sequence[str] = ("import",)
    serve: Sequence[str] = ("serve", "--workers", "1")
    gateway: Sequence[str] = ("gateway", "--state")
    audit: Sequence[str] = ("audit",)
    database_setting: str = "SHOP_DATABASE_URL"
    gateway_setting: str = "SHOP_SIMULATED_GATEWAY_URL"
    settings: Mapping[str, str]

    def environment(self, database_url: str, gateway_url: str | None) -> Mapping[str, str]:
        """Return the settings of a shop on this database, with this gateway if given."""
        gateway = {} if gateway_url is None else {self.gateway_setting: gateway_url}
        return {**self.settings, self.database_setting: database_url, **gateway}

    def missing(self, help_of: HelpOf, documentation: str) -> Iterator[str]:
        """Yield what a revision lacks of this dialect, by its help and its documentation."""
        servers = (self.serve, self.gateway)
        for command in (self.migrate, self.import_products, *servers, self.audit):
            name, *rest = command
            shown = help_of(name)
            options = [each for each in rest if each.startswith("--")]
            options += ["--port"] if command in servers else []
            if not shown:
                yield f"`shop {name}`"
            yield from (f"`shop {name} {each}`" for each in options if not _has(shown, each))
        for setting in (self.database_setting, self.gateway_setting, *self.settings):
            if not _has(documentation, setting):
                yield setting


class UnknownDialect(Exception):
    """No dialect fits a revision."""


FIRST = Dialect(
    name="first",
    settings={
        "SHOP_ENVIRONMENT": "production",
        "SHOP_PAYMENT_GATEWAY": "simulated",
        "SHOP_SESSION_SECRETS": f'["{SECRET}"]',
        "SHOP_WELCOME_CREDIT": str(WELCOME_CREDIT),
    },
)

DIALECTS = (
    # With limits, sign-ups of the seed and orders of the load would be rejected.
    replace(FIRST, name="limited", settings={**FIRST.settings, "SHOP_RATE_LIMITS": "off"}),
    FIRST,
)
"""Newest first: a revision gets the first dialect of which it lacks nothing."""


def dialect_of(help_of: HelpOf, documentation: str) -> Dialect:
    """Return the newest dialect that fits; raise `UnknownDialect` if none does."""
    lacks = {
        dialect.name: ", ".join(dialect.missing(help_of, documentation)) for dialect in DIALECTS
    }
    for dialect in DIALECTS:
        if not lacks[dialect.name]:
            return dialect
    reasons = "; ".join(f"{name} needs {missing}" for name, missing in lacks.items())
    raise UnknownDialect(f"no dialect fits: {reasons}; add one to bench/comparison/dialects.py")


def _has(text: str, word: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text) is not None
