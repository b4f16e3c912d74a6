"""Silence is trimmed, and intro and outro are joined, exact to the sample."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from podcast_kit.audio import loudness, master, probe_audio
from podcast_kit.audio.mastering import concat
from podcast_kit.model import AudioSettings
from tests.support.sound import music, voice, write

RATE = 44100


def whole(blocks):
    return np.concatenate(list(blocks), axis=1)


def pieces(sound, cuts):
    return np.split(sound, sorted(cuts), axis=1)


def ramp(length, start=0.0):
    return (start + np.arange(length, dtype=np.float32))[None]


@given(st.lists(st.integers(0, 300), max_size=4), st.integers(0, 300), st.one_of(st.none(), st.integers(0, 400)))
def test_slice_samples_equals_array_slicing(cuts, first, behind):
    sound = ramp(300)
    taken = list(concat.slice_samples(pieces(sound, cuts), first, behind))
    expected = sound[:, first:behind] if behind is None or behind > first else sound[:, :0]
    assert np.array_equal(whole(taken) if taken else sound[:, :0], expected)


@given(
    st.lists(st.integers(1, 200), min_size=1, max_size=3),
    st.integers(0, 250),
    st.lists(st.integers(0, 200), max_size=3),
)
@hypothesis_settings(deadline=None)
def test_crossfade_length_is_parts_minus_overlaps(lengths, overlap, cuts):
    out = whole(concat.crossfade([pieces(np.ones((1, length), np.float32), cuts) for length in lengths], overlap))
    least = sum(lengths) - overlap * (len(lengths) - 1)
    assert least <= out.shape[1] <= sum(lengths)
    if overlap <= min(lengths) / 2:
        assert out.shape[1] == least


def test_crossfade_without_overlap_concatenates():
    out = whole(concat.crossfade([[ramp(10)], [ramp(5, 100)]], 0))
    assert out[0].tolist() == [*range(10), *range(100, 105)]


def test_crossfade_keeps_power_and_changes_nothing_else():
    random = np.random.default_rng(1)
    one, two = (random.standard_normal((2, RATE)).astype(np.float32) for _ in range(2))
    out = whole(concat.crossfade([[one], [two]], RATE // 2))
    assert np.array_equal(out[:, : RATE // 2], one[:, : RATE // 2])
    assert np.array_equal(out[:, RATE:], two[:, RATE // 2 :])
    assert np.std(out[:, RATE // 2 : RATE]) == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("level", [0.0, 0.0005], ids=["digital", "hiss"])
def test_silence_is_trimmed_at_both_ends_except_a_short_pause(level):
    random = np.random.default_rng(1)
    hush = (level * random.standard_normal((1, RATE * 3))).astype(np.float32)
    speech = np.full((1, RATE * 2), 0.5, np.float32)
    first, behind = concat.find_silent_ends([hush, speech, hush], RATE)
    assert first / RATE == pytest.approx(3 - concat.KEPT_SILENCE_BEFORE_S, abs=0.02)
    assert behind / RATE == pytest.approx(5 + concat.KEPT_SILENCE_AFTER_S, abs=0.02)


def test_quiet_recording_is_not_trimmed():
    sound = voice(4, channels=1) * np.float32(0.002)
    first, behind = concat.find_silent_ends([sound], RATE)
    assert behind - first > RATE * 3


def test_silent_recording_is_not_trimmed():
    assert concat.find_silent_ends([np.zeros((1, RATE), np.float32)], RATE) == (0, RATE)


def test_trimming_and_joining_in_a_master(tmp_path):
    hush = np.zeros((2, RATE * 2), np.float32)
    source = write(tmp_path / "in.wav", np.concatenate([hush, voice(4), hush], axis=1))
    intro = write(tmp_path / "intro.wav", music(3) * np.float32(0.05))
    asked = AudioSettings(loudness=-16.0, trim=True, overlap=1.0)
    made = master.master_recording(source, tmp_path / "out.mp3", asked, intro=intro)
    assert made.after.integrated == pytest.approx(-16, abs=0.3)
    assert made.shift == pytest.approx(3 - 1 - 2 + concat.KEPT_SILENCE_BEFORE_S, abs=0.2)
    assert probe_audio(made.path).seconds == pytest.approx(
        3 - 1 + 4 + concat.KEPT_SILENCE_BEFORE_S + concat.KEPT_SILENCE_AFTER_S, abs=0.4
    )
    # The soft intro was brought up to the recording.
    heard = loudness.measure_loudness(made.path)
    assert max(heard.momentary[5:18]) == pytest.approx(max(heard.momentary[30:60]), abs=6)


def test_intro_with_another_rate_and_channel_count_is_converted(tmp_path):
    source = write(tmp_path / "in.wav", voice(3))
    outro = write(tmp_path / "outro.wav", music(2, rate=22050, channels=1), 22050)
    made = master.master_recording(source, tmp_path / "out.mp3", AudioSettings(format="mp3"), outro=outro)
    assert made.shift == 0
    assert probe_audio(made.path).seconds == pytest.approx(5, abs=0.01)
