"""No broken file causes a traceback, a hang, or much memory use. With PODCAST_KIT_STRESS for a minute."""

import os
import subprocess
import sys

import pytest

pytest.importorskip("resource", reason="memory is measured as Unix counts it")

from tests.support import audio_fuzzer


@pytest.mark.slow
def test_mutations_give_whole_copies_or_errors(tmp_path):
    seconds = "60" if os.environ.get("PODCAST_KIT_STRESS") else "20"
    command = [sys.executable, "-m", "tests.support.audio_fuzzer", seconds, "1", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("0 of ")


def traceback(*_):
    raise ValueError("not one of ours")


def hang(*_):
    while True:
        pass


def change_the_source(path, copy, *_):
    path.write_bytes(path.read_bytes() + b"x")
    copy.write_bytes(b"whole")


def leave_half(_, copy, *__):
    copy.write_bytes(b"half")
    copy.with_name(f".{copy.name}.1.part").write_bytes(b"half")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (traceback, "ValueError: not one of ours"),
        (hang, "Hung: took longer than"),
        (change_the_source, "AssertionError: the source was changed"),
        (leave_half, "AssertionError: left behind"),
    ],
)
def test_fuzzer_detects_a_bug_and_says_how_to_reproduce_it(fault, said, monkeypatch, capsys, tmp_path):
    whole = {"speech.wav": audio_fuzzer.sample("speech.wav").read_bytes()}
    monkeypatch.setattr(audio_fuzzer, "seeds", lambda _: whole)
    monkeypatch.setattr(audio_fuzzer, "repair_audio", fault)
    monkeypatch.setattr(audio_fuzzer, "SLOW", 0.5)
    assert audio_fuzzer.main(0, 7, str(tmp_path / "kept")) >= 2
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith("seed 7, speech.wav, number 0: ")
    assert said in first
    _, _, data = next(audio_fuzzer.mutations(7, whole))
    assert (tmp_path / "kept/7-0-speech.wav").read_bytes() == data


def test_fuzzer_limits_memory(monkeypatch):
    monkeypatch.setattr(audio_fuzzer, "seeds", lambda _: {"speech.wav": audio_fuzzer.sample("speech.wav").read_bytes()})
    monkeypatch.setattr(audio_fuzzer, "MEMORY", 1)
    assert audio_fuzzer.main(0) == 1
