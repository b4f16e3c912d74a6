"""Foreign audio files cause no traceback and no hang, and are measured as a full decode does.

Without a network, these are what is installed here and every kind of damage that we make. `make corpora` downloads the
audio in the tests of audio libraries; PODCAST_KIT_AUDIO_CORPORA names folders of other files, separated by colons.
"""

import os
import sysconfig
from pathlib import Path

import pytest

from tests.support import audio_corpus
from tests.support.audio_samples import SAMPLES
from tests.support.broken_audio import everything, write

INSTALLED = [Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib")]
NAMED = [Path(name) for name in os.environ.get("PODCAST_KIT_AUDIO_CORPORA", "").split(os.pathsep) if name]


def folders(tmp_path):
    for one in everything():
        if one.id == "m4a-video":
            continue  # its video track has no picture in it that a decoder could open
        folder = tmp_path / "broken" / one.id
        folder.mkdir(parents=True)
        write(one, folder)
    return [SAMPLES, tmp_path / "broken", *INSTALLED, *NAMED]


@pytest.mark.slow
def test_foreign_audio_is_measured_or_refused_with_a_reason(tmp_path, capsys):
    failed = audio_corpus.main([str(folder) for folder in folders(tmp_path)])
    summary = capsys.readouterr().out
    assert failed == 0, summary
    assert int(summary.split()[2]) > 80


def traceback(*_):
    raise ValueError("not one of ours")


@pytest.mark.parametrize(
    ("target", "fault", "said"),
    [
        ("inspect_audio", traceback, "ValueError: not one of ours"),
        ("repair_audio", traceback, "repair: ValueError: not one of ours"),
        ("SLOW_S", -1.0, "took 0."),
        ("decoded_seconds", lambda _: 99.0, "is measured as 2.340 s, and decoded by FFmpeg to 99.000 s"),
        ("own_seconds", lambda _: 1.0, "is measured as 2.340 s, and decoded by the toolkit to 1.000 s"),
        ("TOLERANCE_S", -1.0, "the tagged copy has 2.340 s, the file 2.340 s"),
    ],
)
def test_faults_are_found(target, fault, said, tmp_path, monkeypatch, capsys):
    (tmp_path / "a.flac").write_bytes((SAMPLES / "speech.flac").read_bytes())
    monkeypatch.setattr(audio_corpus, target, fault)
    assert audio_corpus.main([str(tmp_path)]) == 1
    assert said in capsys.readouterr().out
