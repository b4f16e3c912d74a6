"""`init` and `new` take nothing that they know to be wrong, and leave nothing behind when they refuse."""

import os
import pty
import shutil
import subprocess
import sys

import pytest
from click.testing import CliRunner

from podcast_kit.cli import cli
from podcast_kit.source import project
from tests.support.shows import ROOT, small

RIGHT = {
    "--title": "Talks",
    "--author": "Ann Lee",
    "--email": "ann@pod.example",
    "--url": "https://pod.example/",
    "--language": "en",
    "--category": "Technology",
    "--timezone": "Europe/Vienna",
}


def run(*arguments):
    return CliRunner().invoke(cli, [str(one) for one in arguments], catch_exceptions=False)


@pytest.fixture
def show(tmp_path):
    return small(tmp_path / "show")


@pytest.fixture
def talk(tmp_path):
    return shutil.copy(ROOT / "episodes/003-what-a-review-is-for.mp3", tmp_path / "talk.mp3")


@pytest.mark.parametrize(
    ("option", "wrong"),
    [
        ("--email", "nonsense"),
        ("--language", "klingon"),
        ("--category", "Blah"),
        ("--url", "foo"),
        ("--timezone", "Mars/Phobos"),
        ("--title", " "),
    ],
)
def test_init_says_what_is_wrong_with_an_option_and_writes_nothing(tmp_path, option, wrong):
    given = [word for pair in (RIGHT | {option: wrong}).items() for word in pair]
    done = run("init", tmp_path / "show", *given)
    assert (done.exit_code, option in done.stderr) == (2, True)
    assert not (tmp_path / "show").exists()


def test_init_asks_again_on_a_terminal(tmp_path):
    words = [word for pair in RIGHT.items() if pair[0] != "--email" for word in pair]
    outer, terminal = pty.openpty()
    command = [
        sys.executable,
        "-m",
        "podcast_kit",
        "init",
        tmp_path / "show",
        *words,
        "--description",
        "x",
        "--to",
        "p",
    ]
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    begun = subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, env=environment)
    os.close(terminal)
    seen = b""
    for asked, answer in ((b"Owner's email", b"nonsense\n"), (b"not an e-mail address", b"a@b.example\n")):
        while asked not in seen:
            seen += os.read(outer, 1000)
        os.write(outer, answer)
    assert begun.wait() == 0
    os.close(outer)
    assert "email: a@b.example" in (tmp_path / "show/podcast.yaml").read_text()


@pytest.mark.parametrize("slug", ["../x", "../../y", "/tmp/podcast-kit-absolute", ".hidden", "a b", "index", "a/b"])
def test_new_refuses_a_slug_that_leads_away_or_means_something_else(show, talk, slug, tmp_path):
    before = sorted(tmp_path.rglob("*"))
    done = run("new", talk, "--slug", slug, "-C", show)
    assert done.exit_code in {1, 2}
    assert sorted(tmp_path.rglob("*")) == before


def test_new_with_a_wrong_date_leaves_no_recording_behind(show, talk):
    before = sorted(show.rglob("*"))
    assert run("new", talk, "--date", "24.12.2026", "-C", show).exit_code == 2
    assert sorted(show.rglob("*")) == before


def test_new_does_not_wait_for_a_pipe(show, tmp_path):
    os.mkfifo(tmp_path / "pipe.mp3")
    done = run("new", tmp_path / "pipe.mp3", "-C", show)
    assert (done.exit_code, "is not a file" in done.stderr) == (2, True)


def test_two_episodes_begun_at_once_have_different_minutes(show, talk):
    for name in ("a", "b", "c"):
        assert run("new", talk, "--slug", name, "-C", show).exit_code == 0
    dates = [episode.date for episode in project.load_project(show).episodes]
    assert len(set(dates)) == len(dates)


def test_a_recording_that_has_to_be_encoded_is_told_with_one_mend_everywhere(show):
    run("new", ROOT / "tests/samples/speech.wav", "-C", show)
    mend = "export it as MP3 or M4A, or let each build encode it: `audio: {format: mp3}` in podcast.yaml"
    assert mend in run("check", "-C", show).stderr
    with (show / "podcast.yaml").open("a") as file:
        file.write("audio: {format: mp3}\n")
    assert run("check", "-C", show).exit_code == 0


def test_new_says_when_a_recording_has_to_be_encoded_first(show):
    done = run("new", ROOT / "tests/samples/speech.wav", "-C", show)
    assert "[master]" in done.stderr
    assert "[master]" not in run("new", ROOT / "tests/samples/speech.opus", "-C", show).stderr


def test_what_new_wrote_into_the_notes_is_not_published_without_a_word(show, talk):
    run("new", talk, "--slug", "fresh", "-C", show)
    run("new", talk, "--slug", "later", "--date", "2199-01-01 08:00", "-C", show)
    remarks = [problem for problem in project.load_project(show).warnings if problem.code == "notes.begun"]
    assert [problem.location.path for problem in remarks] == ["episodes/fresh.md"] * 2 + ["episodes/later.md"] * 2


def test_a_draft_need_not_be_written_yet(show, talk):
    run("new", talk, "--slug", "fresh", "--draft", "-C", show)
    assert project.load_project(show).warnings == ()


@pytest.mark.parametrize(
    ("notes", "told"),
    [
        ("Some <b>bold</b> words.\n", 1),
        ("A line<br/>break\n", 1),
        ("one\n\n<p>two</p>\n", 1),
        ("`<b>` is code, and 3 < 4 > 2\n", 0),
        ("```html\n<p>shown</p>\n```\n", 0),
        ("    <p>shown</p>\n", 0),
        ("<https://a.example/> and <me@b.example>\n", 0),
    ],
)
def test_html_in_notes_is_told_once_and_code_is_not(tmp_path, notes, told):
    found = project.load_project(small(tmp_path / "show", notes=notes)).warnings
    assert [problem.code for problem in found].count("notes.html") == told
