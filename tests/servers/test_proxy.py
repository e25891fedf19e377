"""The proxy that fault tests trust: what ends on one side ends on the other."""

import socket
import struct
from collections.abc import Callable

import pytest

from tests.servers.proxy import TcpProxy


def close(client: socket.socket) -> None:
    client.close()


def reset(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


@pytest.mark.parametrize("end", [close, reset])
def test_the_server_learns_that_its_client_is_gone(end: Callable[[socket.socket], None]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        proxy = TcpProxy(listening.getsockname()[1])
        client = socket.create_connection(("127.0.0.1", proxy.port))
        server, _ = listening.accept()
        with server:
            server.settimeout(10)
            client.sendall(b"a question")
            assert server.recv(100) == b"a question"

            end(client)

            assert server.recv(100) == b""
        proxy.close()
