"""True peaks between samples are measured and limited."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podcast_kit.audio.mastering import peaks
from tests.support.sound import music, voice


def true_peak(sound, cuts=()):
    meter = peaks.TruePeak(len(sound))
    for block in np.split(sound, cuts, axis=1):
        meter.add(block)
    return meter.finish()


def limited(sound, gain, ceiling, cuts=(), rate=44100):
    limiter = peaks.Limiter(len(sound), rate, gain, ceiling)
    pieces = [limiter.push(block) for block in np.split(sound, cuts, axis=1)]
    return np.concatenate([*pieces, limiter.finish()], axis=1), limiter


def test_true_peak_of_a_sine_between_samples():
    t = np.arange(4410)
    sine = np.sin(2 * np.pi * t / 4 + np.pi / 4).astype(np.float32)[None] * np.float32(0.5)
    assert np.abs(sine).max() == pytest.approx(0.3535, abs=1e-3)
    assert true_peak(sine[:, 200:-200] * np.hanning(4010).astype(np.float32)) == pytest.approx(0.5, rel=0.01)


def test_sparse_search_finds_the_same_peak_as_full_search():
    sound = voice(3)
    padded = np.pad(sound, ((0, 0), (peaks.REACH_SAMPLES, peaks.REACH_SAMPLES + peaks.STRETCH_SAMPLES)))
    count = (padded.shape[1] - 2 * peaks.REACH_SAMPLES) // peaks.STRETCH_SAMPLES
    everywhere = peaks.stretch_peaks(
        padded[:, : count * peaks.STRETCH_SAMPLES + 2 * peaks.REACH_SAMPLES], np.arange(count)
    ).max()
    assert true_peak(sound) == pytest.approx(everywhere, rel=1e-6)


@pytest.mark.parametrize("kind", ["voice", "music", "noise", "alternating", "step", "slope"])
def test_upper_bound_of_each_stretch_holds(kind):
    dice = np.random.default_rng(3)
    sound = {
        "voice": lambda: voice(2),
        "music": lambda: music(2),
        "noise": lambda: dice.standard_normal((2, 20000)),
        "alternating": lambda: dice.choice([-1.0, 1.0], (2, 20000)),
        "step": lambda: np.repeat(dice.choice([-1.0, 0.3, 1.0], (1, 500)), 40, axis=1),
        "slope": lambda: np.linspace(-1.0, 1.0, 20000)[None],
    }[kind]()
    count = (sound.shape[1] - 2 * peaks.REACH_SAMPLES) // peaks.STRETCH_SAMPLES
    x = sound[:, : count * peaks.STRETCH_SAMPLES + 2 * peaks.REACH_SAMPLES].astype(np.float32)
    where, most = peaks.find_candidates(x, peaks.neighbourhood_peaks(x, count), 0.0)
    assert (peaks.stretch_peaks(x, where) <= most).all()
    limit = float(np.median(most))
    chosen, _ = peaks.find_candidates(x, peaks.neighbourhood_peaks(x, count), limit)
    exact = peaks.stretch_peaks(x, np.arange(count))
    assert set(np.flatnonzero(exact > limit)) <= set(chosen)


def test_max_overshoot_holds():
    random = np.random.default_rng(1).choice([-1.0, 1.0], (1, 20000)).astype(np.float32)
    assert 1 < true_peak(random) <= peaks.MAX_OVERSHOOT


@given(st.lists(st.integers(0, 20000), max_size=5).map(sorted))
@settings(deadline=None, max_examples=15)
def test_block_size_does_not_change_the_result(cuts):
    sound = music(0.5)
    assert true_peak(sound, cuts) == true_peak(sound)
    whole, cut = limited(sound, 3.0, 0.5)[0], limited(sound, 3.0, 0.5, cuts)[0]
    assert whole.shape == sound.shape == cut.shape
    np.testing.assert_allclose(cut, whole, atol=1e-6)


@given(st.floats(0.5, 20.0), st.floats(0.1, 0.9), st.integers(1, 9000), st.integers(0, 3))
@settings(deadline=None, max_examples=40)
def test_limiter_keeps_the_ceiling_and_every_sample(gain, ceiling, length, seed):
    random = np.random.default_rng(seed)
    sound = (random.standard_normal((2, length)) * random.choice([0.01, 0.3], (1, length))).astype(np.float32)
    out, _ = limited(sound, gain, ceiling)
    assert out.shape == sound.shape
    # What follows the last sample is silence, whose edge no gain can soften.
    assert peaks.ratio_to_db(true_peak(out) / ceiling) <= 0.05
    assert np.abs(out).max() <= ceiling * 1.0001


def test_limiter_only_applies_gain_below_the_ceiling():
    sound = voice(2) * np.float32(0.1)
    out, limiter = limited(sound, 2.0, 0.9)
    assert np.array_equal(out, sound * np.float32(2))
    assert (limiter.max_reduction_db, limiter.limited_stretches) == (0.0, 0)


def test_limiter_keeps_the_balance_of_channels():
    sound = np.concatenate([voice(2, channels=1), voice(2, channels=1) * np.float32(0.25)])
    out, limiter = limited(sound, 4.0, 0.5)
    assert limiter.max_reduction_db > 6
    np.testing.assert_allclose(out[1], out[0] * 0.25, atol=1e-6)


def test_limiter_only_acts_near_a_peak():
    sound = np.full((1, 44100), 0.1, np.float32)
    sound[0, 22050] = 0.9
    out, _ = limited(sound, 1.0, 0.5)
    assert np.array_equal(out[:, :21000], sound[:, :21000])
    assert np.array_equal(out[:, 40000:], sound[:, 40000:])
    assert out[0, 22050] <= 0.5
