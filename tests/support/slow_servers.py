"""Servers that answer too slowly, or never stop, and a resolver that gives whatever addresses a test wants."""

import contextlib
import socket
import threading
import time


@contextlib.contextmanager
def serve_bytes(*blocks, pause_s=0.0, repeats_last=False):
    """The URL of a server that sends these blocks to whoever connects, with a pause before each."""
    listener = socket.create_server(("127.0.0.1", 0))
    stopped = threading.Event()

    def answer(connection):
        with connection, contextlib.suppress(OSError):
            connection.recv(65536)
            for block in blocks:
                connection.sendall(block)
                time.sleep(pause_s)
            while repeats_last and not stopped.is_set():
                connection.sendall(blocks[-1])
                time.sleep(pause_s)

    def accept():
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        stopped.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


@contextlib.contextmanager
def refused_url():
    """A URL where nothing listens, nor can: its port is taken, so that no other test's server gets it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}/"


def fake_resolver(answers):
    """A resolver that gives a name the addresses in `answers`, one list per call; the last list again and again."""
    calls = []

    def resolve(host, port):
        calls.append(host)
        lists = answers[host]
        addresses = lists[min(calls.count(host), len(lists)) - 1]
        return [
            (socket.AF_INET6, (address, port, 0, 0)) if ":" in address else (socket.AF_INET, (address, port))
            for address in addresses
        ]

    resolve.calls = calls
    return resolve
