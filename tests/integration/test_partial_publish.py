"""One broken episode among five, publishing only some, and taking one back: what is live stays as it is."""

import json
import re

import pytest
from click.testing import CliRunner

from podcast_kit.cli import cli
from podcast_kit.feed import parse_feed
from podcast_kit.publish import waves
from podcast_kit.source import lock, scaffold
from tests.support import shows

ITEM = re.compile(r"<item>.*?</item>", re.DOTALL)
BREAKERS = {
    "unreadable notes": lambda path: path.write_text("no front matter"),
    "an unknown key": lambda path: path.write_text(path.read_text().replace("title:", "tilte:")),
    "a missing picture": lambda path: path.write_text(path.read_text() + "![x](gone.png)\n"),
    "a missing portrait": lambda path: path.write_text(
        path.read_text().replace("number:", "people: [{name: Ann, image: gone.jpg}]\nnumber:")
    ),
    "a broken recording": lambda path: path.with_suffix(".mp3").write_bytes(b"not audio" * 100),
    "placeholder text": lambda path: path.write_text(
        path.read_text() + "\nWrite a short paragraph about this episode. Apps show it first.\n"
    ),
    "an error of the check": lambda path: path.write_text(path.read_text().replace("Talk 3", "<i>Talk</i> 3")),
}


def run(show, *arguments):
    return CliRunner().invoke(cli, [arguments[0], "-C", str(show), *map(str, arguments[1:])])


def publish(show, *arguments):
    return run(show, "publish", "--yes", *arguments)


def items(show):
    """Each item of the live feed, letter for letter, by its guid."""
    text = (show / "public/feed.xml").read_text()
    guids = [item.child_text("guid") for item in parse_feed(text.encode()).items]
    return {guid[-1]: item for guid, item in zip(guids, ITEM.findall(text), strict=True)}


def page(show, number):
    return (show / f"public/episodes/00{number}-talk/index.html").read_bytes()


@pytest.fixture
def show(tmp_path):
    return shows.small(tmp_path / "show", episodes=5, notes="0:00 Start\n0:10 Middle\n0:20 End\n")


@pytest.mark.parametrize("is_broken", [False, True])
def test_an_episode_that_an_interrupted_publish_dropped_from_an_archive_stays(tmp_path, monkeypatch, is_broken):
    """A new episode with an old date moves others from the archives into the feed, which is written last."""
    show = shows.small(tmp_path / "show", episodes=8)
    settings = show / "podcast.yaml"
    settings.write_text(settings.read_text() + "feed: {page_size: 2}\n")
    assert publish(show).exit_code == 0
    shows.add(show, 9, date="2020-01-03 20:00")

    def kill_at_feed(*_arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(waves, "compare_and_swap", kill_at_feed)
        assert publish(show).exit_code != 0
    pages = [show / "public/feed.xml", *(show / "public/feed").glob("*.xml")]
    numbers = sorted(number for page in pages for number in re.findall(r"<title>Talk (\d)", page.read_text()))
    assert "6" not in numbers
    notes = show / "episodes/006-talk.md"
    if is_broken:
        notes.write_text(notes.read_text().replace("title:", "tilte:"))
        done = publish(show, "--keep-going")
        assert done.exit_code == 1
        assert "[pb.interrupted]" in done.output
        notes.write_text(notes.read_text().replace("tilte:", "title:"))
    done = publish(show, "8")
    assert done.exit_code == 0, done.output
    assert "Talk 6" in "".join(page.read_text() for page in pages)


@pytest.fixture
def published(show):
    assert publish(show).exit_code == 0
    return show


@pytest.mark.parametrize("name", BREAKERS)
def test_without_the_flag_one_broken_episode_stops_before_anything_is_sent(show, name):
    BREAKERS[name](show / "episodes/003-talk.md")
    done = publish(show)
    assert (done.exit_code, "episodes/003-talk" in done.output) == (1, True), done.output
    assert not (show / "public/feed.xml").exists()


@pytest.mark.parametrize("name", BREAKERS)
def test_keep_going_publishes_the_other_four_and_names_the_one(show, name):
    BREAKERS[name](show / "episodes/003-talk.md")
    done = publish(show, "--keep-going")
    assert (done.exit_code, "not published: 003-talk" in done.output) == (1, True), done.output
    assert "episodes/003-talk" in done.output
    assert sorted(items(show)) == ["1", "2", "4", "5"]
    assert not (show / "public/episodes/003-talk").exists()


@pytest.mark.parametrize("name", BREAKERS)
def test_keep_going_keeps_a_broken_episode_that_is_live(published, name):
    before, before_page = items(published), page(published, 3)
    before_lock = lock.read_lock(published / "podcast.lock")
    BREAKERS[name](published / "episodes/003-talk.md")
    for number in (2, 4):
        path = published / f"episodes/00{number}-talk.md"
        path.write_text(path.read_text().replace(f"Talk {number}", f"Changed {number}"))
    done = publish(published, "--keep-going")
    assert (done.exit_code, "not published: 003-talk" in done.output) == (1, True), done.output
    assert "kept as live: 003-talk" in done.output
    after = items(published)
    assert list(after) == ["5", "4", "3", "2", "1"]
    assert [number for number in after if after[number] != before[number]] == ["4", "2"]
    assert page(published, 3) == before_page
    assert lock.read_lock(published / "podcast.lock") == before_lock
    rows = json.loads((published / "public/feed.json").read_bytes())["items"]
    assert [row["title"] for row in rows] == ["Talk 5", "Changed 4", "Talk 3", "Changed 2", "Talk 1"]
    assert "Talk 3" in (published / "public/index.html").read_text()
    for url in re.findall(r'(?:url|href)="https://pod\.example/(media/[^"]+)"', "".join(after.values())):
        assert (published / "public" / url).is_file()


def test_a_fixed_episode_is_published_again(published):
    path = published / "episodes/003-talk.md"
    text = path.read_text()
    path.write_text("no front matter")
    assert publish(published, "--keep-going").exit_code == 1
    path.write_text(text.replace("Talk 3", "Fixed 3"))
    assert publish(published).exit_code == 0
    assert "<title>Fixed 3</title>" in items(published)["3"]
    assert not run(published, "plan", "--exit-code").exit_code


def test_build_builds_the_four_and_fails(show):
    (show / "episodes/003-talk.md").write_text("no front matter")
    done = run(show, "build")
    assert (done.exit_code, "episodes/003-talk.md" in done.output) == (1, True)
    text = (show / "build/feed.xml").read_text()
    assert [f"Talk {number}" in text for number in range(1, 6)] == [True, True, False, True, True]


def test_several_broken_episodes_are_all_named_at_once(show):
    (show / "episodes/002-talk.mp3").write_bytes(b"not audio" * 100)
    (show / "episodes/004-talk.mp3").write_bytes(b"not audio" * 100)
    output = publish(show).output
    assert "episodes/002-talk.mp3" in output
    assert "episodes/004-talk.mp3" in output


def test_a_due_episode_without_its_recording_is_left_out_without_the_flag(published):
    shows.add(published, 6, recording=None, audio="006-talk.mp3")
    shows.add(published, 7)
    done = publish(published)
    assert (done.exit_code, "006-talk" in done.output) == (1, True), done.output
    assert sorted(items(published)) == ["1", "2", "3", "4", "5", "7"]
    done = run(published, "check")
    assert (done.exit_code, "[au.missing]" in done.output) == (1, True)


def test_only_the_named_episodes_are_published(published):
    before, pages = items(published), {number: page(published, number) for number in range(1, 6)}
    for number in (2, 4):
        path = published / f"episodes/00{number}-talk.md"
        path.write_text(path.read_text().replace(f"Talk {number}", f"Changed {number}"))
    shows.add(published, 6)
    shows.add(published, 7)
    done = publish(published, "4", "006-talk")
    assert done.exit_code == 0, done.output
    after = items(published)
    assert list(after) == ["6", "5", "4", "3", "2", "1"]
    assert [number for number in before if after[number] != before[number]] == ["4"]
    assert [number for number in pages if page(published, number) != pages[number]] == [4]
    assert {entry.slug for entry in lock.read_lock(published / "podcast.lock")} == {f"00{n}-talk" for n in range(1, 7)}
    assert publish(published).exit_code == 0
    assert "<title>Changed 2</title>" in items(published)["2"]
    assert "7" in items(published)


@pytest.mark.parametrize(
    ("name", "words"), [("9", "no episode '9'"), ("006-talk", "is scheduled for 2199-01-01"), ("7", "is a draft")]
)
def test_what_cannot_be_published_alone_is_refused(published, name, words):
    shows.add(published, 6, date="2199-01-01 08:00")
    shows.add(published, 7, draft="true")
    done = publish(published, name)
    assert (done.exit_code, words in done.output) == (2, True), done.output


def test_a_saved_plan_among_the_episodes_gets_a_hint(published, tmp_path):
    (tmp_path / "friday.plan").write_text("{}")
    done = publish(published, tmp_path / "friday.plan")
    assert (done.exit_code, "--plan" in done.output) == (2, True)


def test_an_unpublished_episode_leaves_feed_and_pages_and_can_come_back(published):
    entries = lock.read_lock(published / "podcast.lock")
    done = run(published, "unpublish", "3")
    assert (done.exit_code, "pass --yes" in done.output) == (1, True)
    assert "removed: “Talk 3” would disappear from subscribers' apps" in done.output
    done = run(published, "unpublish", "3", "--yes")
    assert done.exit_code == 0, done.output
    assert "draft: true" in (published / "episodes/003-talk.md").read_text()
    assert list(items(published)) == ["5", "4", "2", "1"]
    assert "Talk 3" not in (published / "public/index.html").read_text()
    assert lock.read_lock(published / "podcast.lock") == entries
    assert list((published / "public/media").rglob("003-talk.mp3"))
    assert run(published, "unpublish", "3").exit_code == 1
    path = published / "episodes/003-talk.md"
    path.write_text(path.read_text().replace("draft: true\n", ""))
    assert publish(published).exit_code == 0
    assert list(items(published)) == ["5", "4", "3", "2", "1"]


@pytest.mark.parametrize("text", ["title: One\r\ndate: 2026-01-01\r\n", "draft: false  # yet\ntitle: One\n"])
def test_a_draft_line_changes_nothing_else(tmp_path, text):
    path = tmp_path / "one.md"
    end = "\r\n" if "\r" in text else "\n"
    path.write_bytes(f"---{end}{text}---{end}Notes.".encode())
    scaffold.write_draft_line(path.parent, path.name)
    expected = text.replace("draft: false  # yet", "draft: true") if "draft" in text else f"draft: true{end}{text}"
    assert path.read_bytes().decode() == f"---{end}{expected}---{end}Notes."
