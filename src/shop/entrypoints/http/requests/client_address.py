"""The address of a client, as rate limits see it."""

from ipaddress import IPv6Address, ip_address, ip_network

from starlette.requests import Request

IPV6_PREFIX_BITS = 64
"""A customer of a provider has at least this network, with any number of addresses in it."""

UNKNOWN = "unknown"
"""Clients without an address, as on a Unix socket, share one count."""


def client_address(request: Request) -> str:
    """Return the client's IPv4 address or IPv6 network.

    Behind a trusted proxy it is the forwarded one, which the middleware has put here.
    """
    host = UNKNOWN if request.client is None else request.client.host
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ip_network((address, IPV6_PREFIX_BITS), strict=False))
