"""A listening socket that takes nobody any more, and keeps those who are in its queue.

To close it resets them: a proxy has reached someone then, sends a request, and never learns what
became of it. So the kernel drops who knocks from now on. They knock again a second later, as TCP
does, and are refused by then, which any proxy may try again.
"""

import struct
from contextlib import suppress
from socket import SOL_SOCKET, socket

SO_ATTACH_FILTER, SO_DETACH_FILTER = 26, 27  # Linux's, and not among Python's
# Its filters read the TCP header: the byte of flags; with SYN, the packet goes; else it stays.
_INSTRUCTIONS = (
    (0x30, 0, 0, 13),
    (0x45, 0, 1, 0x02),
    (0x06, 0, 0, 0),
    (0x06, 0, 0, 0xFFFFFFFF),
)
_PROGRAM = b"".join(struct.pack("HBBI", *each) for each in _INSTRUCTIONS)


def deafen(listening: socket) -> None:
    """Let nobody else in; on other systems than Linux, do nothing."""
    import ctypes  # noqa: PLC0415 - half a megabyte, for the last moment

    code = ctypes.create_string_buffer(_PROGRAM)
    program = struct.pack("HP", len(_INSTRUCTIONS), ctypes.addressof(code))
    with suppress(OSError):
        listening.setsockopt(SOL_SOCKET, SO_ATTACH_FILTER, program)


def hear(listening: socket) -> None:
    """Let everyone in, though a process that had this socket before has made it deaf."""
    with suppress(OSError):  # it hears
        listening.setsockopt(SOL_SOCKET, SO_DETACH_FILTER, 0)
