"""The bounds within which the server reads requests and keeps connections."""

import resource
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from shop.entrypoints.configuration.settings import Settings

Network = IPv4Network | IPv6Network

MAX_CONNECTIONS = 10_000
"""Of one process. Ten thousand idle connections take about 200 MB of its memory."""

MIN_RESERVED_DESCRIPTORS = 64
MAX_RESERVED_DESCRIPTORS = 512
"""How many descriptors are kept for the database, the gateway, and connections being rejected."""

_IPV6_SITE_BITS = 64
"""An IPv6 client is given a network of this size, so its addresses count as one."""


@dataclass(frozen=True, kw_only=True)
class HttpLimits:
    """Bounds on the time, size and number of what clients send."""

    head_timeout_seconds: float = 10
    body_timeout_seconds: float = 30
    """How long a client may be silent within a body, or read nothing of a response."""

    bytes_per_second: int = 1024
    """The average a body needs, and a response that is read, once `body_timeout_seconds` passed."""

    keep_alive_seconds: int = 75
    """Longer than proxies keep idle connections: if the server closed first, a request that is
    sent at that moment would be lost."""

    linger_seconds: float = 5
    """How long a rejected client may still send before its connection is cut."""

    max_head_bytes: int = 32 * 1024
    max_head_lines: int = 100
    max_connections: int = MAX_CONNECTIONS
    max_connections_per_address: int | None = None
    exempt_networks: tuple[Network, ...] = ()
    """Networks of trusted proxies, which bring the connections of many clients."""

    @classmethod
    def of(cls, settings: Settings) -> "HttpLimits":
        """Return the bounds that the settings and the operating system give this process."""
        per_address = settings.connections_per_address
        return cls(
            head_timeout_seconds=settings.request_head_timeout_seconds,
            body_timeout_seconds=settings.request_body_timeout_seconds,
            bytes_per_second=settings.request_body_bytes_per_second,
            max_connections=connections_within(raise_descriptor_limit()),
            max_connections_per_address=(
                per_address if settings.limits_connections_per_address else None
            ),
            exempt_networks=tuple(map(ip_network, settings.trusted_proxies)),
        )

    def limited_client(self, host: str) -> str | None:
        """Return whose connections are counted together, or none if they are not limited."""
        if self.max_connections_per_address is None:
            return None
        try:
            address = ip_address(host.partition("%")[0])
        except ValueError:
            return None
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        if any(address in network for network in self.exempt_networks):
            return None
        if isinstance(address, IPv6Address):
            return str(ip_network((address, _IPV6_SITE_BITS), strict=False))
        return str(address)


def raise_descriptor_limit() -> int:
    """Raise the soft limit of open files to the hard one; return how many may be open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == hard:
        return soft
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (OSError, ValueError):
        # Some systems report a hard limit that they do not allow.
        return soft
    return hard


def connections_within(descriptors: int) -> int:
    """Return how many connections fit below a limit of open files."""
    if descriptors == resource.RLIM_INFINITY:
        return MAX_CONNECTIONS
    reserved = min(max(MIN_RESERVED_DESCRIPTORS, descriptors // 4), MAX_RESERVED_DESCRIPTORS)
    return min(max(descriptors - reserved, 1), MAX_CONNECTIONS)
