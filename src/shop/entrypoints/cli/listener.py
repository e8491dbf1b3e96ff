"""Opens the socket that a server listens on, or takes over one that outlives the process."""

import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from shop.entrypoints.cli.context import CliSettings
from shop.entrypoints.cli.errors import CliError

BACKLOG = 2048
"""How many connections wait while the server starts, or is busy."""

_LOOPBACK = "127.0.0.1"

_LOOPBACK_OF = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  Nothing is bound to it here.
"""A server at all addresses of the machine is shown at this one, whose name it answers to."""

FIRST_PASSED_DESCRIPTOR = 3
PASSED_BY_SYSTEMD = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")

UNSENT_BYTES = 64 * 1024
"""How much of a response the system takes before the client reads. With more, a slow client would
look as if it read nothing for a long time, and then a megabyte at once."""


def open_listener(host: str, port: int) -> socket.socket:
    """Return the socket that systemd passes to this process, or else bind one."""
    return passed_socket() or bind_socket(host, port)


def passed_socket() -> socket.socket | None:
    """Return the socket that was passed as `sd_listen_fds(3)` says, if any.

    Raise `CliError` if it cannot be used.
    """
    values = [os.environ.pop(name, "") for name in PASSED_BY_SYSTEMD]
    process_id, count, _ = values
    if process_id != str(os.getpid()):
        return None
    if count != "1":
        raise CliError(f"LISTEN_FDS: one socket can be served, not {count or 'none'}")
    try:
        listener = socket.socket(fileno=FIRST_PASSED_DESCRIPTOR)
    except OSError as error:
        raise CliError(f"LISTEN_FDS: descriptor 3 is no socket: {error.strerror}") from error
    if listener.family not in {socket.AF_INET, socket.AF_INET6}:
        raise CliError("LISTEN_FDS: descriptor 3 must be a TCP socket")
    listener.set_inheritable(False)
    return _listening(listener)


def bind_socket(host: str, port: int, setting: str = "--port") -> socket.socket:
    """Return a socket that listens on the port; raise `CliError` if that fails.

    Clients that connect before the server is ready wait, instead of getting an error.
    """
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
        return _listening(listener)
    except OSError as error:
        listener.close()
        problem = f"cannot listen on {host} port {port}: {error.strerror}"
        raise CliError(f"{problem}; choose another {setting}") from error


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


def _listening(listener: socket.socket) -> socket.socket:
    # Connections inherit the option; not every system has it.
    if hasattr(socket, "TCP_NOTSENT_LOWAT"):
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)
    listener.listen(BACKLOG)
    return listener
