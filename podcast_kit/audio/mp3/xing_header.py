"""The header frame of an MP3 that tells players its length and which silence to skip (Xing, Info, LAME).

lameenc does not write one. Layout: the LAME project's "Mp3 Info Tag revision 1".
"""

from __future__ import annotations

import struct

from podcast_kit.audio.mp3 import frame_scan

LAME_DELAY_SAMPLES = 576
"""Silence that LAME adds at the start; decoders add 529 samples more, which players know."""
LAME_TAG_BYTES = 156
"""In the frame."""
LAME_FIELDS = struct.Struct(">9sBB4sHHBB3sBbHIHH")
"""The part after the Xing fields: encoder, revision, lowpass, peak, two ReplayGain values, flags, bit rate, delays,
misc, gain, preset, length and CRC of the music, CRC of this frame.
"""
LAME_CRC_BYTES = 2
LAME_LAYOUT_ENCODERS = (b"LAME", b"Lavf", b"Lavc")


def build_xing_frame(
    first: bytes,
    *,
    frames: int,
    size: int,
    padding: int,
    crc: int,
    delay: int = LAME_DELAY_SAMPLES,
    constant: bool = True,
) -> bytes:
    """The header frame of a stream: `Info` for a constant bit rate, else `Xing`.

    `first` is the header (4 bytes) of its first frame, `frames` and `size` count what follows this frame, `padding`
    is the silence at the end in samples, `crc` the CRC-16 of what follows.
    """
    header = _header_with_room(first)
    head = frame_scan.FRAME_HEADERS[header[:3]]
    side = _lame_side_info_bytes(header)
    total = size + head.size
    body = (
        (b"Info" if constant else b"Xing")
        + struct.pack(">III", 0b1111, frames, total)
        + bytes(k * 255 // 100 for k in range(100))
    )
    body += struct.pack(">I", 57)  # quality of LAME's preset -q 3 as the tag counts it
    body += b"LAME3.100" + bytes((1 if constant else 0, 0))  # revision 0, method; lowpass unknown
    body += bytes(4 + 2 + 2) + bytes((0, min(frame_scan.FRAME_HEADERS[first[:3]].kbits, 255)))  # no peak, no ReplayGain
    body += (delay << 12 | min(padding, 0xFFF)).to_bytes(3, "big") + bytes(4)
    body += struct.pack(">IH", total, crc)
    front = header + bytes(side) + body
    checked = front + struct.pack(">H", crc16_arc(front))
    return checked + bytes(head.size - len(checked))


def update_lame_fields(frame: bytes, steps: int, music_bytes: int, music_crc: int) -> bytes:
    """The header frame of an MP3 whose gain was changed by so many steps of 1.5 dB; as it is if it has no LAME fields.

    Peak and ReplayGain were measured before, so they become unknown; `music_bytes` and `music_crc` are of what follows.
    """
    at = _lame_fields_offset(frame)
    if at is None:
        return frame
    fields = list(LAME_FIELDS.unpack_from(frame, at))
    fields[3:6] = bytes(4), 0, 0
    fields[10] = min(max(fields[10] + steps, -128), 127)
    fields[12:14] = len(frame) + music_bytes, music_crc
    changed = bytearray(frame)
    LAME_FIELDS.pack_into(changed, at, *fields)
    crc_at = at + LAME_FIELDS.size - LAME_CRC_BYTES
    changed[crc_at : crc_at + LAME_CRC_BYTES] = crc16_arc(bytes(changed[:crc_at])).to_bytes(LAME_CRC_BYTES, "big")
    return bytes(changed)


def _lame_fields_offset(frame: bytes) -> int | None:
    at = 4 + frame_scan.side_info_bytes(frame)
    if frame[at : at + 4] not in {b"Xing", b"Info"}:
        return None
    flags = frame[at + 7]
    at += 8 + 4 * (flags & 1) + 4 * (flags >> 1 & 1) + 100 * (flags >> 2 & 1) + 4 * (flags >> 3 & 1)
    has_room = len(frame) >= at + LAME_FIELDS.size
    return at if has_room and frame[at : at + 4] in LAME_LAYOUT_ENCODERS else None


def _header_with_room(first: bytes) -> bytes:
    """The header of a frame like the first, without padding or checksum, that has room for the tag."""
    needed = 4 + _lame_side_info_bytes(first) + LAME_TAG_BYTES
    second, mode = first[1] | 1, first[3]
    for index in range(first[2] >> 4, 15):
        third = index << 4 | first[2] & 0b1101
        if frame_scan.FRAME_SIZES[bytes((0xFF, second, third))] >= needed:
            return bytes((0xFF, second, third, mode))
    raise ValueError("no MP3 frame of this rate has room for the tag")


def _lame_side_info_bytes(header: bytes) -> int:
    """Bytes of side information in a frame."""
    mono = header[3] >> 6 == 3
    if frame_scan.FRAME_HEADERS[header[:3]].version == 3:
        return 17 if mono else 32
    return 9 if mono else 17


def _crc16_table() -> list[int]:
    table = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
        table.append(value)
    return table


CRC16_ARC_TABLE = _crc16_table()


def crc16_arc(data: bytes, value: int = 0) -> int:
    """CRC-16/ARC, byte by byte."""
    for byte in data:
        value = value >> 8 ^ CRC16_ARC_TABLE[(value ^ byte) & 0xFF]
    return value


class Crc16:
    """CRC-16/ARC of a long stream: many lanes in parallel, then combined."""

    LANES = 1024
    LENGTH = 256
    """Bytes per lane."""

    def __init__(self) -> None:
        import numpy as np

        self._value = 0
        self._rest = b""
        self._table = np.array(CRC16_ARC_TABLE, np.uint16)
        # Zeros change the value linearly: what a lane's length of them makes of each low and each high byte.
        self._low = [crc16_arc(bytes(self.LENGTH), byte) for byte in range(256)]
        self._high = [crc16_arc(bytes(self.LENGTH), byte << 8) for byte in range(256)]

    def add(self, data: bytes) -> None:
        """Add the next bytes."""
        import numpy as np

        data = self._rest + data
        whole = len(data) // (self.LANES * self.LENGTH) * self.LANES * self.LENGTH
        for start in range(0, whole, self.LANES * self.LENGTH):
            block = np.frombuffer(data, np.uint8, self.LANES * self.LENGTH, start).reshape(self.LANES, self.LENGTH)
            lanes = np.zeros(self.LANES, np.uint16)
            for column in np.ascontiguousarray(block.T):
                lanes = lanes >> 8 ^ self._table[(lanes ^ column) & 0xFF]
            for lane in lanes.tolist():
                self._value = self._low[self._value & 0xFF] ^ self._high[self._value >> 8] ^ lane
        self._rest = data[whole:]

    def finish(self) -> int:
        """The CRC of everything that was added."""
        self._value, self._rest = crc16_arc(self._rest, self._value), b""
        return self._value
