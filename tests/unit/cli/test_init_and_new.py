"""`init` and `new` take nothing that they know to be wrong, and leave nothing behind when they refuse."""

import json
import os
import pty
import re
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
    return shutil.copy(ROOT / "tests/samples/cbr.mp3", tmp_path / "talk.mp3")


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
        "--ignore-audio",
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


def test_two_new_episodes_have_different_minutes(show, talk):
    for name in ("a", "b", "c"):
        assert run("new", talk, "--slug", name, "--allow-duplicate", "-C", show).exit_code == 0
    dates = [episode.date for episode in project.load_project(show).episodes]
    assert len(set(dates)) == len(dates)


def test_a_recording_that_needs_encoding_has_the_same_fix_everywhere(show):
    run("new", ROOT / "tests/samples/speech.wav", "-C", show)
    fix = "export it as MP3 or M4A, or let each build convert it: `audio: {format: mp3}` in podcast.yaml"
    assert fix in run("check", "-C", show).output
    with (show / "podcast.yaml").open("a") as file:
        file.write("audio: {format: mp3}\n")
    assert "notes.begun" in run("check", "-C", show).output
    write_notes(show / "episodes/002-speech.md")
    assert run("check", "-C", show).exit_code == 0


def write_notes(path, notes="What it is about.\n"):
    """Replace the placeholder text of a new episode."""
    front = path.read_text().split("---\n")[1]
    path.write_text(f"---\n{front}---\n{notes}")


def new_show(folder, *more):
    """A show as `init` makes it, without a cover."""
    words = [word for pair in RIGHT.items() for word in pair]
    done = run("init", folder, *words, *more)
    assert done.exit_code == 0, done.stderr
    return folder


def only_episode(show):
    return project.load_project(show, needs_cover=False).episodes[-1]


def test_a_cover_is_needed_only_by_check_build_and_publish(tmp_path, talk):
    show = new_show(tmp_path / "show")
    assert run("new", talk, "-C", show).exit_code == 0
    assert run("init", "--github", "-C", show).exit_code == 0
    for command in ("plan", "status"):
        done = run(command, "-C", show)
        assert (done.exit_code, "cover.jpg" in done.stderr) == (0, True)
    for command in ("check", "build", "publish"):
        done = run(command, "-C", show)
        assert (done.exit_code, "a cover is a JPEG or PNG" in done.output + done.stderr) == (1, True)


def test_untouched_notes_are_an_error_once_the_episode_is_due(show, talk):
    run("new", talk, "-C", show)
    done = run("check", "-C", show)
    assert (done.exit_code, "error: placeholder text" in done.output) == (1, True)
    done = run("publish", "--yes", "-C", show)
    assert (done.exit_code, done.output.count("placeholder text")) == (1, 2)  # its two sentences, each once
    assert not (show / "public/feed.xml").exists()
    path = show / "episodes/002-talk.md"
    path.write_text(path.read_text().replace("---\n", "---\nignore: {notes.begun: for a test}\n", 1))
    assert run("publish", "--yes", "-C", show).exit_code == 0


def test_untouched_notes_of_a_later_episode_do_not_stop_this_ones(show, talk):
    run("new", talk, "--date", "in 3 days", "-C", show)
    done = run("check", "-C", show)
    assert (done.exit_code, "warning: placeholder text" in done.output) == (0, True)


def test_gitignore_keeps_builds_secrets_names_and_recordings_out_of_git(tmp_path):
    lines = (new_show(tmp_path / "a") / ".gitignore").read_text().splitlines()
    assert {"/build/", "/subscribers.key", "/subscribers.txt", ".env", "/episodes/**/*.wav"} <= set(lines)
    lines = (new_show(tmp_path / "b", "--commit-audio") / ".gitignore").read_text().splitlines()
    assert "/subscribers.txt" in lines
    assert not [line for line in lines if "wav" in line]
    (tmp_path / "c").mkdir()
    (tmp_path / "c/.gitignore").write_text("node_modules\n/build/\n")
    lines = (new_show(tmp_path / "c") / ".gitignore").read_text().splitlines()
    assert (lines[:2], lines.count("/build/"), "/subscribers.key" in lines) == (["node_modules", "/build/"], 1, True)


@pytest.mark.parametrize(
    ("target", "named"),
    [
        ("s3://My_Bucket", "lower-case"),
        ("s3://ab", "3 to 63"),
        ("s3://a..b", "lower-case"),
        ("s3://192.168.0.1", "lower-case"),
        ("r2://talks", "--account"),
        ("b2://talks", "--region"),
        ("minio://talks", "--endpoint"),
        ("s4://talks", "unknown scheme"),
        ("episodes", "separate folder"),
    ],
)
def test_init_refuses_a_target_that_nothing_can_be_published_to(tmp_path, target, named):
    words = [word for pair in RIGHT.items() for word in pair]
    done = run("init", tmp_path / "show", *words, "--to", target)
    assert (done.exit_code, named in done.stderr) == (2, True), done.stderr
    assert not (tmp_path / "show").exists()


def test_init_writes_the_settings_of_the_store(tmp_path):
    show = new_show(tmp_path / "show", "--to", "r2://talks", "--account", "abc123")
    assert project.load_project(show, needs_cover=False).show.publish.account == "abc123"


def test_new_refuses_a_recording_that_an_episode_has(show, talk):
    assert run("new", talk, "-C", show).exit_code == 0
    assert run("new", talk, "--slug", "again", "-C", show).exit_code == 1
    done = run("new", show / "episodes/002-talk.mp3", "--slug", "again", "-C", show)
    assert (done.exit_code, "002-talk.md" in done.stderr) == (1, True)
    assert not (show / "episodes/again.md").exists()
    assert run("new", talk, "--slug", "again", "--allow-duplicate", "-C", show).exit_code == 0


def test_a_trailer_has_no_number(show, talk):
    assert run("new", talk, "--type", "trailer", "-C", show).exit_code == 0
    episode = only_episode(show)
    assert (episode.slug, episode.number, str(episode.type)) == ("talk", None, "trailer")


def test_new_with_a_title_writes_a_draft_whose_recording_comes_later(show, talk):
    done = run("new", "More social", "-C", show)
    assert done.exit_code == 0, done.stderr
    episode = only_episode(show)
    assert (episode.title, episode.number, episode.draft, episode.audio) == ("More social", 2, True, None)
    shutil.copy(talk, show / "episodes/002-more-social.mp3")
    path = show / "episodes/002-more-social.md"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.startswith("draft")))
    write_notes(path)
    assert run("check", "-C", show).exit_code == 0


@pytest.mark.parametrize("name", ["gone.mp3", "folder/gone"])
def test_new_does_not_take_a_missing_file_for_a_title(show, name):
    done = run("new", name, "-C", show)
    assert (done.exit_code, "does not exist" in done.stderr) == (2, True)


def test_new_takes_dates_in_words_and_says_which_day_that_is(show, talk):
    done = run("new", talk, "--date", "next thursday 8:00", "-C", show)
    date = only_episode(show).date
    assert (done.exit_code, date.weekday(), f"{date:%H:%M}") == (0, 3, "08:00")
    assert f"date: Thursday {date:%Y-%m-%d} 08:00" in done.stderr


def test_unknown_category_gets_a_fitting_suggestion_and_a_list(tmp_path):
    words = [word for pair in (RIGHT | {"--category": "Gardening"}).items() for word in pair]
    done = run("init", tmp_path / "show", *words)
    assert "Leisure > Home & Garden" in done.stderr
    assert "keys categories" in done.stderr
    assert "  Leisure > Home & Garden\n" in run("keys", "categories").output


def test_every_listed_key_is_explained():
    for row in json.loads(run("keys", "--json").stdout)["keys"]:
        assert run("keys", row["key"]).exit_code == 0
    assert "extra: Elements of any namespace" in run("keys", "extra").output
    assert json.loads(run("keys", "extra", "--json").stdout)["key"] == "extra"


def test_an_unknown_key_is_shown_in_short():
    done = run("keys", "TITLE")
    assert (done.exit_code, "did you mean 'title'?" in done.output) == (1, True)
    assert len(run("keys", "\x1b" * 100_000).output) < 300


def test_a_key_inside_of_another_is_found_and_links_name_files_of_the_docs():
    assert "`podcast-kit keys publish.host`" in run("keys", "host").output
    assert run("keys", "publish.host").output.startswith("publish: ")
    assert run("keys", "publish.nothing").exit_code == 1
    for row in json.loads(run("keys", "--json").stdout)["keys"]:
        output = run("keys", row["key"]).output
        assert "](" not in output
        for path in re.findall(r"\(docs/(\S+\.md)\)", " ".join(output.split())):
            assert (ROOT / "docs" / path).is_file()
    assert "(docs/how-to/members.md)" in run("keys", "private").output


def test_every_core_key_is_explained_under_its_own_name():
    from podcast_kit.source import core_keys

    for key in (*core_keys.SHOW_KEYS, *core_keys.EPISODE_KEYS):
        done = run("keys", key.name)
        assert (done.exit_code, done.output.split(":")[0].split(",")[0]) == (0, key.name)


def test_the_shows_format_concerns_lossless_recordings_only(show):
    for number, name in enumerate(("aac.m4a", "speech.opus", "speech.wav"), 2):
        run("new", ROOT / "tests/samples" / name, "--slug", f"e{number}", "--date", f"2026-01-0{number}", "-C", show)
        write_notes(show / f"episodes/e{number}.md")
    with (show / "podcast.yaml").open("a") as file:
        file.write("audio: {format: mp3}\n")
    done = run("build", "-C", show)
    assert done.exit_code == 0, done.stderr
    names = {path.name for path in (show / "build/media").rglob("e*")}
    assert {"e2.m4a", "e3.opus", "e4.mp3"} <= names


def test_new_says_when_a_recording_has_to_be_encoded_first(show):
    done = run("new", ROOT / "tests/samples/speech.wav", "-C", show)
    assert "[master]" in done.stderr
    assert "[master]" not in run("new", ROOT / "tests/samples/speech.opus", "-C", show).stderr


def test_what_new_wrote_into_the_notes_is_not_published_without_a_word(show, talk):
    run("new", talk, "--slug", "fresh", "-C", show)
    run("new", talk, "--slug", "later", "--date", "2199-01-01 08:00", "--allow-duplicate", "-C", show)
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
def test_html_in_notes_is_reported_once_and_code_is_not(tmp_path, notes, told):
    found = project.load_project(small(tmp_path / "show", notes=notes)).warnings
    assert [problem.code for problem in found].count("notes.html") == told


def test_new_creates_a_page_of_the_site(show):
    done = run("new", "About: us & them", "--page", "-C", show)
    assert done.exit_code == 0, done.stderr
    [page] = project.load_project(show).pages
    assert (page.path, page.title, page.menu) == ("pages/about-us-them.md", "About: us & them", "About: us & them")
    again = run("new", "About: us & them", "--page", "-C", show)
    assert (again.exit_code, "choose another --slug" in again.stderr) == (1, True)
    wrong = run("new", "x", "--page", "--slug", "../x", "-C", show)
    assert wrong.exit_code == 2
