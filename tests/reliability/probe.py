"""A process that asks again and again, each time on a new connection, and notes how long the answer took."""

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import time


class Probe:
    """Asks from its start until `stop`. It runs at a real-time priority, so that it waits for the service and not for other clients."""

    def __init__(self, port, path="/livez", body=None, every=0.02):
        head = f"{'GET' if body is None else 'POST'} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        if body is not None:
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        message = f"{head}\r\n".encode() + (body or b"")
        # a program of its own: a fork of this one would have the locks of its libraries, such as gRPC's, but not the threads that free them
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(port), str(every), str(len(message))], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._process.stdin.write(message)
        self._process.stdin.flush()
        # it asks from now on, not while it starts
        self._process.stdout.readline()

    def stop(self):
        """The status (0 = none within 60 s) and the seconds until it came, of each answer."""
        return json.loads(self._process.communicate()[0])

    def seconds(self):
        """Stops; the times alone, where an answer that is not 200 counts as 60 s."""
        return [seconds if status == 200 else 60.0 for status, seconds in self.stop()]


def _ask(port, message, every):
    """Asks until its standard input ends."""
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    answers = []
    print(flush=True)
    while not select.select([sys.stdin], [], [], every)[0]:
        start = time.monotonic()
        status = 0
        with contextlib.suppress(OSError):
            status = _exchange(port, memoryview(message), start + 60)
        answers.append((status, time.monotonic() - start))
    json.dump(answers, sys.stdout)


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


if __name__ == "__main__":
    _ask(int(sys.argv[1]), sys.stdin.buffer.read(int(sys.argv[3])), float(sys.argv[2]))
