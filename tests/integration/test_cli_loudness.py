"""`podcast-kit loudness`: a table, a graph, or JSON."""

import json
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from click.testing import CliRunner

from podcast_kit.cli import cli
from tests.support.sound import music, voice, write


def run(*arguments):
    return CliRunner().invoke(cli, ["loudness", *(str(argument) for argument in arguments)])


@pytest.fixture
def files(tmp_path):
    return [
        write(tmp_path / "loud.wav", np.clip(voice(5) * 6, -1, 1)),
        write(tmp_path / "soft.wav", music(5) * np.float32(0.1)),
        write(tmp_path / "none.wav", np.zeros((1, 44100), np.float32)),
    ]


def test_each_file_gets_a_line_with_its_distance_to_the_target(files):
    done = run(*files)
    assert done.exit_code == 0, done.output
    head, loud, soft, none = done.stdout.splitlines()
    assert head.split() == ["length", "LUFS", "range", "dBTP"]
    assert loud.endswith("peak over -1")
    assert " -" in loud.split("dBTP")[-1]
    assert " dB to -16" in soft
    assert soft.split()[1] == "0:05"
    assert none.endswith("silent")


def test_json_has_numbers(files):
    body = json.loads(run(*files, "--target", "-19", "--json").stdout)
    assert (body["command"], body["target"], body["problems"]) == ("loudness", -19, [])
    loud, soft, none = body["files"]
    assert loud["true_peak"] > -1
    assert soft["gain"] == pytest.approx(-19 - soft["integrated"], abs=0.01)
    assert [none[key] for key in ("integrated", "range", "true_peak", "gain")] == [None] * 4


def test_svg_is_written(files, tmp_path):
    assert run(files[1], "--svg", tmp_path / "a.svg").exit_code == 0
    root = ET.parse(tmp_path / "a.svg").getroot()
    assert root.find("{http://www.w3.org/2000/svg}title").text == "soft.wav"


def test_svg_of_several_files_is_refused(files, tmp_path):
    done = run(*files, "--svg", tmp_path / "a.svg")
    assert (done.exit_code, "--svg draws a single recording" in done.stderr) == (2, True)
    assert not (tmp_path / "a.svg").exists()


def test_unmeasurable_file_is_reported(tmp_path):
    (tmp_path / "a.wav").write_text("words")
    done = run(tmp_path / "a.wav")
    assert done.exit_code == 1
    assert "cannot be opened as audio" in done.stderr
    assert run(tmp_path / "absent.wav").exit_code == 1


def test_non_audio_file_has_no_table(tmp_path):
    (tmp_path / "notes.wav").write_text("no sound")
    done = run(tmp_path / "notes.wav")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "notes.wav" in done.stderr
