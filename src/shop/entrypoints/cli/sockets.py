"""Binds the sockets that a server listens on."""

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from shop.entrypoints.cli.context import CliSettings
from shop.entrypoints.cli.errors import CliError

_LOOPBACK = "127.0.0.1"

_LOOPBACK_OF = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  Nothing is bound to it here.
"""A server at all addresses of the machine is shown at this one, whose name it answers to."""


def bind_socket(host: str, port: int, setting: str = "--port") -> socket.socket:
    """Return a socket bound to the port; raise `CliError` if that fails."""
    try:
        # If the host has both, prefer IPv4, which every client can reach.
        family, _, _, _, address = min(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        listener = socket.socket(family)
    except OSError as error:
        raise CliError(f"cannot listen on {host}: {error.strerror}") from error
    try:
        # A restarted server may reuse its port at once.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        listener.close()
        problem = f"cannot listen on {host} port {port}: {error.strerror}"
        raise CliError(f"{problem}; choose another {setting}") from error
    return listener


def address_of(listener: socket.socket) -> str:
    """Return the URL of a listening socket, which a browser on this machine can open."""
    host, port = listener.getsockname()[:2]
    host = _LOOPBACK_OF.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextmanager
def metrics_socket(settings: CliSettings) -> Iterator[Sequence[socket.socket]]:
    """Yield the bound socket of the metrics port, or none if there is no such port."""
    if settings.metrics_port is None:
        yield ()
        return
    with bind_socket(_LOOPBACK, settings.metrics_port, "SHOP_METRICS_PORT") as listener:
        yield (listener,)
