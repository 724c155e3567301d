"""Carry bytes between two sockets until one side is done."""

from __future__ import annotations

import selectors
import socket

PIECE = 1 << 16


def carry(left: socket.socket, right: socket.socket) -> None:
    """Copy both ways until both directions are closed or either side breaks."""
    with selectors.DefaultSelector() as ready:
        ready.register(left, selectors.EVENT_READ, right)
        ready.register(right, selectors.EVENT_READ, left)
        while ready.get_map():
            for key, _ in ready.select():
                source, target = key.fileobj, key.data
                if not isinstance(source, socket.socket):
                    return
                try:
                    piece = source.recv(PIECE)
                    if piece:
                        target.sendall(piece)
                        continue
                    ready.unregister(source)
                    target.shutdown(socket.SHUT_WR)
                except OSError:
                    return
