"""The address of a client, as rate limits see it."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

from starlette.requests import Request

IPV6_PREFIX_BITS = 64
"""A customer of a provider has at least this network, with any number of addresses in it."""

UNKNOWN = "unknown"
"""Clients without an address, as on a Unix socket, share one count."""

_KEPT_HOSTS = 1024


def client_address(request: Request) -> str:
    """Return the client's IPv4 address or IPv6 network.

    Behind a trusted proxy it is the forwarded one, which the middleware has put here.
    """
    client = request.scope.get("client")
    return _normalise(client[0] if client else UNKNOWN)


# A client sends many requests, and each parsing takes as long as routing.
@lru_cache(_KEPT_HOSTS)
def _normalise(host: str) -> str:
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ip_network((address, IPV6_PREFIX_BITS), strict=False))
