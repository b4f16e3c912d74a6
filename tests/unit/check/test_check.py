"""The check of a whole show: every fault at the place where a person can mend it, and no false alarm."""

import json
import re
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from podcast_kit import builder, check, feed
from podcast_kit.cli import cli
from podcast_kit.source import project
from tests.support.shows import add, sample, small, tree

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
GOOD = "guid: 0f12f982-2ba5-5bac-9fbd-25f167d29c38\nlocked: true\n"
FUNDED = """locked: true
location: {name: Vienna, geo: 'geo:48.2,16.4', osm: R109166}
funding:
  - {url: 'https://pod.example/a', label: A}
  - {url: 'http://pod.example/b', label: B}"""
VTT = "WEBVTT\n\n00:00:00.000 --> 00:00:02.000\n<v Ann>Hello.\n\n00:00:02.000 --> 00:00:01.000\n<v Ann>Backwards.\n"


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """A small show that has all that it should have, built once a worker."""
    folder = small(tmp_path_factory.mktemp("built") / "show", title="About listening")
    write(folder / "podcast.yaml", "", GOOD)
    look(folder)
    return folder


@pytest.fixture
def show(built, tmp_path):
    """A copy of it, to do with as one likes."""
    return shutil.copytree(built, tmp_path / "show")


def write(path, old, new):
    """Put `new` in the place of `old`, or at the end where there is no `old`."""
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1) if old else text + new, "utf-8")


def look(folder, **settings):
    return check.project(project.read(folder), now=NOW, **settings)


def places(found):
    return {(problem.code, str(problem.place)) for problem in found}


def written(folder):
    """What the podcaster wrote, with its bytes."""
    return {key: data for key, data in tree(folder).items() if not key.startswith(("build/", ".podcast-kit/"))}


def run(*arguments, **settings):
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], **settings)


def test_the_sample_show_is_clean(tmp_path):
    assert look(sample(tmp_path / "show")) == ()


def test_a_good_show_is_clean_and_nothing_of_it_is_touched(show):
    before = written(show)
    assert look(show) == ()
    assert written(show) == before


@pytest.mark.parametrize(
    ("path", "old", "new", "expected"),
    [
        ("episodes/001-talk.md", "About listening", "S1E1 About <i>it</i>", ("it.title", "episodes/001-talk.md:2:1")),
        ("episodes/001-talk.md", "number: 1", "number: 1\nblock: true", ("it.block", "episodes/001-talk.md:6:1")),
        ("podcast.yaml", "owner: {name: Tester, email: t@pod.example}\n", "", ("ch.owner.email", "podcast.yaml")),
        (
            "podcast.yaml",
            "title: A small show",
            "title: A show | a | b | c | d",
            ("ch.title.stuffing", "podcast.yaml:1:1"),
        ),
        ("podcast.yaml", "explicit: false", "explicit: false\nblock: true", ("ch.block", "podcast.yaml:9:1")),
        ("podcast.yaml", "locked: true\n", "", ("ch.locked", "podcast.yaml")),
        (
            "podcast.yaml",
            "locked: true",
            FUNDED,
            ("pn.https", "podcast.yaml:16:5"),
        ),
    ],
)
def test_a_fault_is_told_where_it_was_written(show, path, old, new, expected):
    write(show / path, old, new)
    assert places(look(show)) == {expected}


def test_faults_of_the_notes_are_told_at_the_notes(show):
    write(show / "episodes/001-talk.md", "One paragraph.", "00:10 Hello\n\n00:02 Talk\n\nOne paragraph.")
    assert ("cp.notes", "episodes/001-talk.md:7") in {(code, place[:22]) for code, place in places(look(show))}


def test_artwork_is_looked_at_by_its_pixels(show):
    from PIL import Image

    Image.new("CMYK", (1000, 900)).save(show / "cover.jpg")
    assert {code for code, _ in places(look(show))} == {"art.square", "art.size", "art.colour"}
    assert {place for _, place in places(look(show))} == {"podcast.yaml:6:1"}


def test_a_transcript_is_looked_at_line_by_line(show):
    (show / "episodes/001-talk.vtt").write_text(VTT)
    write(show / "episodes/001-talk.md", "number: 1\n", "number: 1\ntranscript: 001-talk.vtt\n")
    found = look(show)
    assert {place.rpartition(":")[0] or place for _, place in places(found)} <= {
        "episodes/001-talk.vtt",
        "episodes/001-talk.vtt:6",
    }
    assert any(problem.severity == "error" for problem in found)


@pytest.mark.parametrize("where", ["podcast.yaml", "episodes/001-talk.md"])
def test_a_rule_is_set_aside_with_its_reason(show, where):
    write(show / "episodes/001-talk.md", "About listening", "'#1 about listening'")
    assert {code for code, _ in places(look(show))} == {"it.title"}
    old = "number: 1\n" if where.endswith(".md") else ""
    write(show / where, old, f"{old}ignore: {{it.title: 'The number is its name'}}\n")
    assert look(show) == ()


def test_a_rule_of_another_name_cannot_be_set_aside(show):
    write(show / "podcast.yaml", "", "ignore: {it.titel: 'A reason'}\n")
    (found,) = look(show)
    assert (found.code, str(found.location)) == ("ignore.unknown", "podcast.yaml:13:1")
    assert "it.title" in found.fix


def test_a_guid_that_is_not_written_yet_is_a_warning_and_is_not_made_up(show):
    write(show / "episodes/001-talk.md", "guid: 5b322f44-25b3-4fbd-8b64-22c5a5b528000001\n", "")
    before = (show / "episodes/001-talk.md").read_bytes()
    found = look(show)
    assert {(problem.code, str(problem.severity)) for problem in found} == {("it.guid", "warning")}
    assert (show / "episodes/001-talk.md").read_bytes() == before


def released(show):
    """The show's build as it went out, with its lock written, and the feed that is public since."""
    made = builder.make(project.read(show), now=NOW)
    builder.record(made)
    return feed.parse((made.folder / "feed.xml").read_bytes())


def test_a_changed_guid_is_said_in_what_subscribers_would_notice(show):
    for number in (2, 3):
        add(show, number, title=f"Title {'x' * number}")
    before = released(show)
    write(show / "episodes/002-talk.md", "guid: 5b322f44", "guid: 6b322f44")
    for found in (look(show), look(show, before=before)):
        (problem,) = [one for one in found if one.code == "it.guid.stable"]
        assert str(problem.location) == "episodes/002-talk.md:4:1"
        assert problem.severity == "error"
        assert "download it again (1 episode" in problem.text
        assert "guid: 5b322f44-25b3-4fbd-8b64-22c5a5b528000002" in problem.fix


def test_a_vanished_episode_is_a_warning_and_a_draft_is_none(show):
    add(show, 2, title="Another")
    released(show)
    (show / "episodes/002-talk.md").unlink()
    (problem,) = look(show)
    assert (problem.code, str(problem.severity)) == ("it.guid.stable", "warning")
    add(show, 2, title="Another", draft="true")
    assert look(show) == ()


def test_a_paged_feed_is_looked_at_as_one(show):
    for number in range(2, 8):
        add(show, number, title=f"Title {'x' * number}")
    write(show / "podcast.yaml", "", "feed: {page_size: 2}\n")
    released(show)
    assert look(show) == ()
    write(show / "episodes/001-talk.md", "title: About listening", "title: '#1'")
    assert places(look(show)) == {
        ("it.title", "episodes/001-talk.md:2:1"),
        ("au.tag.title", "episodes/001-talk.md:2:1"),
    }


def test_a_platform_narrows_to_its_rules(show):
    write(show / "podcast.yaml", "owner: {name: Tester, email: t@pod.example}\n", "")
    assert {code for code, _ in places(look(show, platform="youtube"))} == {"ch.owner.email"}
    assert {code for code, _ in places(look(show, platform="psp1"))} == set()


def test_what_is_due_later_is_no_fault(show):
    add(show, 2, title="Later", date=f"{NOW + timedelta(days=9):%Y-%m-%d %H:%M}")
    assert look(show) == ()


def test_anybodys_feed_is_checked_from_its_file(show):
    made = builder.make(project.read(show), now=NOW)
    path = made.folder / "feed.xml"
    assert check.file(path, now=NOW) == ()
    path.write_bytes(
        path.read_bytes().replace(b"<itunes:author>", b"<itunes:autor>").replace(b"</itunes:author", b"</itunes:autor")
    )
    assert {problem.code for problem in check.file(path, now=NOW)} == {"xml.unknown", "ch.author"}
    assert run("check", path).exit_code == 1


def test_the_shell_says_what_is_to_mend(show):
    write(show / "episodes/001-talk.md", "About listening", "About <i>it</i>")
    done = run("check", "-C", show)
    assert done.exit_code == 1
    assert "episodes/001-talk.md:2:1: error: " in done.stderr
    assert "[it.title]" in done.stderr
    assert done.stdout == "1 error\n"
    assert json.loads(run("check", "-C", show, "--json").stdout)["problems"][0]["code"] == "it.title"


def test_github_gets_an_annotation_and_a_summary(show, tmp_path):
    write(show / "episodes/001-talk.md", "About listening", "About <i>it</i>, 100%")
    summary = tmp_path / "summary.md"
    done = run("check", "-C", show, env={"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)})
    assert "001-talk.md,line=2,col=1,title=it.title::the title holds HTML: '<i>'" in done.stdout
    assert "| error |" in summary.read_text()


def test_gitlab_gets_a_code_quality_report(show):
    write(show / "episodes/001-talk.md", "About listening", "About <i>it</i>")
    (entry,) = json.loads(run("check", "-C", show, "--format", "gitlab").stdout)
    assert entry["check_name"] == "it.title"
    assert entry["location"]["lines"]["begin"] == 2


def test_only_the_files_that_are_named_are_told_of(show):
    write(show / "podcast.yaml", "owner: {name: Tester, email: t@pod.example}\n", "")
    write(show / "episodes/001-talk.md", "About listening", "About <i>it</i>")
    assert "it.title" not in run("check", "-C", show, show / "podcast.yaml").stderr
    assert "ch.owner" not in run("check", "-C", show, show / "episodes/001-talk.md").stderr


@pytest.mark.parametrize("name", ["", "episodes", "episodes/"])
def test_a_folder_that_is_named_stands_for_what_lies_in_it(show, name):
    write(show / "episodes/001-talk.md", "About listening", "S1E1 About <i>it</i>")
    assert "[it.title]" in run("check", "-C", show, show / name).stderr


def test_a_folder_around_the_show_stands_for_all_of_it(show):
    write(show / "episodes/001-talk.md", "About listening", "S1E1 About <i>it</i>")
    assert "[it.title]" in run("check", "-C", show, show.parent).stderr


def test_a_name_that_is_mistyped_or_of_another_folder_is_no_clean_one(show, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    done = run("check", "-C", show, show / "episodes/001-tlak.md", show / ("x" * 300), elsewhere)
    assert (done.exit_code, done.stderr.count("[file.missing]")) == (1, 3)


def test_strict_lets_warnings_fail(show):
    write(show / "podcast.yaml", "explicit: false", "explicit: false\nblock: true")
    assert run("check", "-C", show).exit_code == 0
    assert run("check", "-C", show, "--strict").exit_code == 1


@pytest.mark.parametrize("code", check.codes())
def test_every_code_is_explained(code):
    said = check.explanation(code)
    assert said["says"]
    assert said["code"] == code


GROUPS = "|".join(sorted({code.partition(".")[0] for code in check.codes()}))
CODE = re.compile(rf'"((?:{GROUPS})\.[a-z][a-z.-]+)"')


def test_every_code_in_the_program_can_be_explained():
    sources = (Path(check.__file__).parents[1]).rglob("*.py")
    used = {code for path in sources for code in CODE.findall(path.read_text("utf-8"))} - {"episode.html"}
    assert used - set(check.codes()) == set()
    assert len(used) > 100


def test_a_new_recording_is_looked_at_by_its_bytes_and_a_published_one_is_left_alone(show):
    path = show / "episodes/001-talk.mp3"
    path.write_bytes(b"\0" * 500 + path.read_bytes())
    assert places(look(show)) == {("au.junk", "episodes/001-talk.mp3")}
    released(show)
    assert look(show) == ()


def test_all_rules_are_listed_or_those_of_a_platform():
    lines = run("explain").stdout.splitlines()
    assert len(lines) == len(check.list_rules())
    assert all(line.endswith(".") for line in lines)
    assert run("explain", "--platform", "youtube").stdout.split()[0] == "ch.owner.email"
    assert len(json.loads(run("explain", "--json").stdout)["rules"]) == len(lines)


def test_an_unknown_code_is_told_its_neighbour():
    done = run("explain", "it.guidd")
    assert done.exit_code == 1
    assert "it.guid" in done.stderr
    assert run("explain", "art.square").stdout.startswith("art.square: The show's artwork is square.")


def test_what_resembles_no_code_is_not_guessed_at():
    done = run("explain", "nonsense")
    assert (done.exit_code, "did you mean" in done.stderr, "`podcast-kit explain` lists" in done.stderr) == (
        1,
        False,
        True,
    )


def test_a_build_that_cannot_be_made_is_a_fault_and_no_exception(show):
    (show / "episodes/001-talk.mp3").write_bytes(b"no audio at all")
    found = look(show)
    assert found
    assert all(problem.location.path.startswith("episodes/") for problem in found)


def test_problems_are_in_file_order_and_once(show):
    write(show / "podcast.yaml", "", "ignore: {it.titel: 'A reason'}\n")
    made = builder.make(project.read(show), now=NOW)
    twice = check.built(replace(made, problems=(*made.problems, *made.problems)), now=NOW)
    assert len(twice) == len(set(twice))
    assert list(twice) == sorted(twice, key=lambda problem: (problem.location, problem.severity.rank))


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("talk.vtt", VTT, "tr.vtt"),
        ("talk.srt", "no cue at all", "tr.srt"),
        ("chapters.json", '{"chapters": []}', "cp.json"),
        (
            "feed.json",
            '{"items": [{"id": 1}], "title": "x", "version": "https://jsonfeed.org/version/1"}',
            "jf.required",
        ),
        ("shows.opml", "<opml version='2.0'><head/><body/></opml>", "opml.form"),
        ("shows.opml", "<opml", "xml.wellformed"),
    ],
)
def test_any_file_of_podcasting_is_checked_alone(tmp_path, name, text, code):
    (tmp_path / name).write_text(text)
    assert {problem.code for problem in check.file(tmp_path / name, now=NOW)} == {code}


def test_a_file_that_is_not_there_is_said_to_be_missing(tmp_path):
    done = run("check", tmp_path / "feed.xml")
    assert done.exit_code == 1
    assert "cannot be read" in done.stderr


def test_loudness_is_listened_to_when_asked(show):
    pytest.importorskip("av", reason="the extra 'master' is not installed")
    assert {code for code, _ in places(look(show, listen=True))} == {"au.loudness"}
