"""Count the samples of Vorbis packets by their block sizes (Vorbis I specification, 4.2 and 4.3), without decoding.

A packet overlaps the one before: it completes a quarter of the block before and a quarter of its own. The first packet
of a stream completes none.
"""

from __future__ import annotations

from dataclasses import dataclass

MODE_BITS = 41
"""Of a mode in the setup header: 1 for the block size, 16 and 16 that are 0, 8 for its mapping."""
MODE_COUNT_BITS, MAX_MODES = 6, 64
BLOCK_SIZES_OFFSET = 28
"""Of the byte with both block sizes in the identification header."""


@dataclass(slots=True)
class VorbisBlocks:
    """The block sizes of a stream, and the block before the next packet."""

    sizes: tuple[int, ...]
    """Samples in a block of each mode."""
    previous: int = 0
    """Samples in the last block; 0 before the first packet."""

    def count_samples(self, first_byte: int) -> int:
        """Samples that are complete after the packet that begins with this byte."""
        if first_byte & 1:
            return 0  # not audio
        mode = first_byte >> 1 & ((1 << (len(self.sizes) - 1).bit_length()) - 1)
        if mode >= len(self.sizes):
            return 0
        size, previous = self.sizes[mode], self.previous
        self.previous = size
        return (previous + size) // 4 if previous else 0


def parse_vorbis_blocks(identification: bytes, setup: bytes) -> VorbisBlocks | None:
    """The block sizes of each mode of a stream; None if its headers are damaged.

    The modes are at the end of the setup header. Before them are codebooks of any length, so they are read backwards:
    a mode is recognised by its 32 zero bits, and their number is stored before them.
    """
    if len(identification) <= BLOCK_SIZES_OFFSET:
        return None
    exponents = identification[BLOCK_SIZES_OFFSET]
    sizes = (1 << (exponents & 15), 1 << (exponents >> 4))
    bits = int.from_bytes(setup, "little")
    end = bits.bit_length() - 1  # the last bit that is set is the framing flag
    flags: list[int] = []
    modes: list[int] | None = None
    while len(flags) < MAX_MODES and end >= MODE_BITS + MODE_COUNT_BITS:
        mode = bits >> (end - MODE_BITS) & ((1 << MODE_BITS) - 1)
        if mode >> 1 & 0xFFFFFFFF or mode >> 33 >= MAX_MODES:
            break
        end -= MODE_BITS
        flags.insert(0, mode & 1)
        if (bits >> (end - MODE_COUNT_BITS) & (MAX_MODES - 1)) + 1 == len(flags):
            modes = list(flags)
    return VorbisBlocks(tuple(sizes[flag] for flag in modes)) if modes else None
