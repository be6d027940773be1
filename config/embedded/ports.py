"""Finding a TCP port that nobody listens on."""

import socket

HIGHEST_PORT = 65535


def first_free_port(start: int, *, host: str = "127.0.0.1") -> int:
    """The first port from `start` upwards on which a server could listen; OSError when there is none.

    Nothing is reserved: the server should start soon after.
    """
    for port in range(start, HIGHEST_PORT + 1):
        if is_free(port, host=host):
            return port
    raise OSError(f"no free port from {start} upwards on {host}")


def is_free(port: int, *, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen on the port; connections of an earlier one that linger don't count."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError:
            return False
    return True
