"""Names of hosts: how they are written, and which of them the shop answers to."""

import re
from collections.abc import Collection
from ipaddress import ip_address

from shop.entrypoints.configuration.checks import is_loopback

_HOST = re.compile(r"(?:\[([0-9a-f:.]{2,45})\]|([a-z0-9_.-]{1,253}))(?::([0-9]{1,5}))?")
"""RFC 9110, section 7.2: a name, an IPv4 address or an IPv6 address in brackets, and a port."""

_MAX_PORT = 65_535
_LOOPBACK_DOMAIN = ".localhost"
"""RFC 6761, section 6.3: these names are this machine, and no name server can change that."""


def split_host(text: str) -> tuple[str, str | None]:
    """Return the name or address of a host and its port; raise `ValueError` for other texts."""
    match = _HOST.fullmatch(text.lower())
    if match is None or int(match[3] or 1) not in range(1, _MAX_PORT + 1):
        raise ValueError("not a host")
    return str(ip_address(match[1])) if match[1] else match[2], match[3]


def listed_host(text: str) -> str:
    """Return a host as it is listed in a setting; raise `ValueError` if it is malformed."""
    try:
        split_host(text)
    except ValueError:
        raise ValueError(
            "must be a host name with or without a port, such as shop.example or [::1]:8000"
        ) from None
    return text.lower()


class KnownHosts:
    """The hosts that requests may be addressed to.

    A listed host without a port stands for all of its ports.
    """

    def __init__(self, listed: Collection[str], *, default_port: str, loopback: bool) -> None:
        self._listed = {split_host(each) for each in listed}
        self._default_port = default_port
        self._loopback = loopback

    def __contains__(self, host: str) -> bool:
        """Return whether a request with this `Host` is for the shop."""
        try:
            name, port = split_host(host)
        except ValueError:
            return False
        if self._loopback and (is_loopback(name) or name.endswith(_LOOPBACK_DOMAIN)):
            return True
        return bool(self._listed & {(name, None), (name, port or self._default_port)})
