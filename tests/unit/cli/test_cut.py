"""`podcast-kit cut`: a stretch by hand, with what it is said to be."""

import json
import shutil

import pytest
from click.testing import CliRunner

from podcast_kit.audio import probe_audio, read_tags
from podcast_kit.cli.app import cli
from tests.support.audio_samples import sample


def run(folder, monkeypatch, *arguments):
    monkeypatch.chdir(folder)
    return CliRunner().invoke(cli, ["cut", *arguments])


def test_a_stretch_is_named_after_recording_and_times(tmp_path, monkeypatch):
    source = shutil.copy(sample("cbr.mp3"), tmp_path / "talk.mp3")
    before = source.read_bytes()
    result = run(tmp_path, monkeypatch, "talk.mp3", "--from", "0:00.5", "--to", "1.5")
    assert (result.exit_code, result.stdout.split("  ")[0]) == (0, "talk-0m00.5s-0m01.5s.mp3")
    assert "1.0 s" in result.stdout
    assert "lossless" in result.stdout
    assert probe_audio(tmp_path / "talk-0m00.5s-0m01.5s.mp3").seconds == pytest.approx(1, abs=1e-3)
    assert source.read_bytes() == before


@pytest.mark.parametrize(("name", "ending"), [("aac.m4a", ".m4a"), ("speech.opus", ".opus"), ("speech.wav", ".mp3")])
def test_any_recording_can_be_cut(name, ending, tmp_path, monkeypatch):
    shutil.copy(sample(name), tmp_path / name)
    result = run(
        tmp_path, monkeypatch, name, "--to", "1", "--title", "The best of it", "--out", f"best{ending}", "--json"
    )
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert (said["path"], said["lossless"]) == (f"best{ending}", False)
    assert said["seconds"] == pytest.approx(1, abs=0.05)
    assert read_tags(tmp_path / f"best{ending}").title == "The best of it"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--from", "2", "--to", "1"], 2, "--to must be after --from"),
        (["--to", "1:75"], 2, "minutes and seconds go up to 59"),
        (["--to", "soon"], 2, "is not a time"),
        (["--from", "1:00", "--to", "1:10"], 1, "after the end"),
        (["--to", "1", "--out", "talk.mp3"], 1, "already exists"),
        (["--to", "1", "--out", "talk.wav"], 1, "use the file extension .mp3"),
        ([], 2, "Missing option '--to'"),
    ],
)
def test_what_cannot_be_done_is_reported(arguments, code, words, tmp_path, monkeypatch):
    shutil.copy(sample("cbr.mp3"), tmp_path / "talk.mp3")
    result = run(tmp_path, monkeypatch, "talk.mp3", *arguments)
    assert (result.exit_code, words in result.output) == (code, True), result.output
    assert [path.name for path in tmp_path.iterdir()] == ["talk.mp3"]


def test_a_time_after_the_end_is_refused(tmp_path, monkeypatch):
    shutil.copy(sample("cbr.mp3"), tmp_path / "talk.mp3")
    result = run(tmp_path, monkeypatch, "talk.mp3", "--from", "1", "--to", "10")
    assert (result.exit_code, "is after the end of the recording (00:00:0" in result.stderr) == (1, True), result.output
    assert [path.name for path in tmp_path.iterdir()] == ["talk.mp3"]


@pytest.mark.parametrize("out", ["talk.mp3/best.mp3", "x" * 300 + ".mp3", "new/folder/best.mp3"])
def test_a_clip_goes_into_a_new_folder_and_not_into_a_file(tmp_path, monkeypatch, out):
    shutil.copy(sample("cbr.mp3"), tmp_path / "talk.mp3")
    result = run(tmp_path, monkeypatch, "talk.mp3", "--to", "1", "--out", out)
    assert (result.exit_code == 0) == out.startswith("new/") == (tmp_path / "new/folder/best.mp3").is_file()
    assert isinstance(result.exception, SystemExit | None)
