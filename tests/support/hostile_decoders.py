"""Stand-ins for decoders that a file has made misbehave; they run in the decoder process."""

import ctypes
import os
import socket
import time
from pathlib import Path

from podcast_kit.io.decoder_process import runs_in_decoder


@runs_in_decoder
def read_name(path):
    return Path(path).name


@runs_in_decoder
def tell_process(_path):
    return os.getpid()


@runs_in_decoder
def crash(_path):
    ctypes.string_at(0)


@runs_in_decoder
def take_memory(_path):
    return len(bytearray(8_000_000_000))


@runs_in_decoder
def spin(_path):
    while True:
        pass


@runs_in_decoder
def sleep(_path):
    time.sleep(60)


@runs_in_decoder
def write(path):
    Path(path).write_bytes(b"x" * 10_000)


@runs_in_decoder
def connect(_path, port):
    with socket.create_connection(("127.0.0.1", port), timeout=60):
        return "connected"


class Trap:
    """What a decoder that was taken over would send: loading it runs a command."""

    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


@runs_in_decoder
def send_trap(path):
    return Trap(f"touch {path}")


@runs_in_decoder
def raise_trap(path):
    raise ValueError(Trap(f"touch {path}"))
