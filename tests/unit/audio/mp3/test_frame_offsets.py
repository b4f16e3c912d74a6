"""Frames that are alike are passed in one match, to the same place as frame by frame."""

import random

import pytest

from podcast_kit.audio.mp3 import frame_scan
from podcast_kit.audio.mp3.frame_scan import FRAME_SIZES, find_frame_offset


def frame(key):
    return key + bytes(FRAME_SIZES[key] - len(key))


def alike_keys(rng):
    key = rng.choice(sorted(FRAME_SIZES))
    return [other for other in FRAME_SIZES if other[:2] == key[:2] and other[2] >> 2 == key[2] >> 2]


@pytest.mark.parametrize("seed", range(40))
def test_frames_are_found_as_one_after_the_other(seed):
    rng = random.Random(seed)
    keys = alike_keys(rng)
    frames = [frame(rng.choice(keys)) for _ in range(rng.randint(0, 12))]
    others = [b"", b"\xff", b"TAG", b"\0" * 40, frame(rng.choice(sorted(FRAME_SIZES))), frame(keys[0])[:-1]]
    for position in range(len(frames) + 1):
        data = b"".join([*frames[:position], rng.choice(others), *frames[position:], rng.choice(others)])
        for number in range(len(frames) + 3):
            assert find_frame_offset(data, number) == frame_scan._walk_frames(data, 0, number)
