"""A lossy recording is brought closer to its target, or left alone; never moved away from it."""

from pathlib import Path

import pytest

from podcast_kit.audio.mastering.decision import GAIN_STEP_DB, decide_treatment
from podcast_kit.audio.mastering.decode import SourceInfo
from podcast_kit.audio.mastering.job import MasteringJob, Treatment
from podcast_kit.audio.mastering.loudness_result import Loudness
from podcast_kit.model import AudioSettings

LEVELS = [-30.0, -22.5, -20.9, -18.0, -17.2, -16.0, -14.5, -12.0, -8.0]
PEAKS = [-12.0, -6.0, -2.0, -1.0, -0.4, 0.0, 1.3]


def decide(integrated, true_peak, *, reencode=False):
    """What is done to a stereo MP3 with a target of -16 LUFS."""
    job = MasteringJob(
        source=Path("talk.mp3"),
        destination=Path("out.mp3"),
        settings=AudioSettings(loudness=-16.0, reencode=reencode),
    )
    source = SourceInfo(codec="mp3", channels=2, rate=44100, seconds=60.0)
    loudness = Loudness(integrated=integrated, range=5.0, true_peak=true_peak, seconds=60.0)
    return decide_treatment(job, source, loudness)


@pytest.mark.parametrize("integrated", LEVELS)
@pytest.mark.parametrize("true_peak", PEAKS)
def test_gain_never_moves_a_recording_away_from_its_target(integrated, true_peak):
    decision = decide(integrated, true_peak)
    shifted = integrated + decision.steps * GAIN_STEP_DB
    assert abs(shifted + 16) <= abs(integrated + 16)
    assert not decision.steps or true_peak + decision.steps * GAIN_STEP_DB <= -1.0


def test_a_quiet_recording_with_high_peaks_is_unchanged_and_says_what_would_help():
    decision = decide(-20.9, -0.4)
    assert (decision.treatment, decision.steps, decision.missed) == (Treatment.KEEP, 0, True)
    assert "reencode: true" in decision.why
    assert "WAV" in decision.why


def test_the_same_recording_is_encoded_when_that_is_allowed():
    assert decide(-20.9, -0.4, reencode=True).treatment is Treatment.ENCODE


def test_a_loud_recording_is_turned_down_without_encoding():
    decision = decide(-12.0, 0.0)
    assert decision.treatment is Treatment.SHIFT
    assert decision.steps < 0
