"""The socket of a server: bound here, or passed by systemd."""

import os
import socket

import pytest

from shop.entrypoints.cli.errors import CliError
from shop.entrypoints.cli.listener import bind_socket, passed_socket

VARIABLES = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")


def pass_sockets(patch: pytest.MonkeyPatch, process_id: int, count: str) -> None:
    for name, value in zip(VARIABLES, (str(process_id), count, "shop.socket"), strict=True):
        patch.setenv(name, value)


def test_client_can_connect_before_the_server_is_ready() -> None:
    with bind_socket("127.0.0.1", 0) as listener:
        address = listener.getsockname()
        with socket.create_connection(address) as client, listener.accept()[0] as server:
            assert server.getpeername() == client.getsockname()


def test_socket_of_another_process_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    pass_sockets(monkeypatch, os.getppid(), "1")

    assert passed_socket() is None
    # A process that this one starts must not take it for its own either.
    assert not os.environ.keys() & set(VARIABLES)


@pytest.mark.parametrize("count", ["0", "2", ""])
def test_any_other_number_of_sockets_is_an_error(
    count: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pass_sockets(monkeypatch, os.getpid(), count)

    with pytest.raises(CliError, match="LISTEN_FDS: one socket can be served"):
        passed_socket()
