"""A process that asks again and again, each time on a new connection, and notes how long the answer took."""

import contextlib
import multiprocessing
import os
import select
import socket
import time


class Probe:
    """Asks from its start until `stop`. It runs at a real-time priority, so that it waits for the service and not for other clients."""

    def __init__(self, port, path="/livez", body=None, every=0.02):
        head = f"{'GET' if body is None else 'POST'} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        if body is not None:
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        context = multiprocessing.get_context("fork")
        self._pipe, other = context.Pipe()
        self._process = context.Process(target=_ask, args=(other, port, f"{head}\r\n".encode() + (body or b""), every), daemon=True)
        self._process.start()

    def stop(self):
        """The status (0 = none within 60 s) and the seconds until it came, of each answer."""
        self._pipe.send(None)
        answers = self._pipe.recv()
        self._process.join()
        return answers

    def seconds(self):
        """Stops; the times alone, where an answer that is not 200 counts as 60 s."""
        return [seconds if status == 200 else 60.0 for status, seconds in self.stop()]


def _ask(pipe, port, message, every):
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    answers = []
    while not pipe.poll(every):
        start = time.monotonic()
        status = 0
        with contextlib.suppress(OSError):
            status = _exchange(port, memoryview(message), start + 60)
        answers.append((status, time.monotonic() - start))
    pipe.send(answers)


def _exchange(port, message, until):
    """Sends while it waits; returns the status as soon as it is there, unless the request was accepted: then the whole body is sent."""
    with socket.create_connection(("127.0.0.1", port), 60) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2**18)
        connection.setblocking(False)
        while (left := until - time.monotonic()) > 0:
            readable, writable, _ = select.select([connection], [connection] if message else [], [], left)
            if readable:
                head = connection.recv(2**16)
                return int(head.split(b" ", 2)[1]) if head else 0
            if writable:
                message = message[connection.send(message[:2**18]):]
    return 0
