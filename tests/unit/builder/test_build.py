"""A build is a pure function of the folder: the same bytes, no work twice, nothing half done."""

import json
import os
import shutil
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import feedparser
import podcastparser
import pytest

from podcast_kit import builder
from podcast_kit.audio import probe_audio, read_tags
from podcast_kit.builder.cache import open_cache
from podcast_kit.builder.enclosure import write_enclosure
from podcast_kit.builder.output_dir import OutputDir
from podcast_kit.builder.prepare_audio import prepare_audio
from podcast_kit.builder.tags import EmbeddedImages, FileTags
from podcast_kit.errors import InvalidAudio, InvalidInput, OperationError
from podcast_kit.model import RemoteUrl
from podcast_kit.preview import server as serve
from podcast_kit.source import project
from tests.support.audio_samples import make_tags
from tests.support.shows import add, sample, small, tree

ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def made(show, *, now=NOW, **settings):
    return builder.build(project.load_project(show), now=now, **settings)


def published(show, **settings):
    done = made(show, **settings)
    builder.write_lock(done)
    return done


def media(done):
    return {key for key in done.outputs if key.endswith((".mp3", ".m4a"))}


def test_the_tree_is_exactly_the_outputs(tmp_path):
    done = made(sample(tmp_path / "show"))
    assert tree(done.folder).keys() == done.outputs.keys()
    assert {key: len(data) for key, data in tree(done.folder).items()} == {k: o.size for k, o in done.outputs.items()}


def test_a_second_build_makes_nothing(tmp_path):
    show = sample(tmp_path / "show")
    before = tree(made(show).folder)
    again = made(show)
    assert again.files_written == 0
    assert tree(again.folder) == before


def test_an_edited_note_of_a_published_episode_changes_pages_and_feed_only(tmp_path):
    show = sample(tmp_path / "show")
    first = published(show)
    notes = show / "episodes/001-more-social.md"
    notes.write_text(notes.read_text().replace("More social", "Much more social").replace("transmitter", "sender"))
    second = published(show)
    assert media(second) == media(first)
    changed = {key for key in second.outputs if second.outputs[key] != first.outputs.get(key)}
    assert "feed.xml" in changed
    assert "episodes/001-more-social/index.html" in changed
    assert not any(key.startswith("media/") for key in changed)


def test_edited_notes_of_an_unpublished_episode_change_its_tags(tmp_path):
    show = small(tmp_path / "show")
    first = made(show)
    notes = show / "episodes/001-talk.md"
    notes.write_text(notes.read_text().replace("Talk 1", "Another title"))
    assert media(made(show)) != media(first)


def test_tags_of_a_published_episode_are_renewed_when_asked(tmp_path):
    show = small(tmp_path / "show")
    first = published(show)
    notes = show / "episodes/001-talk.md"
    notes.write_text(notes.read_text().replace("Talk 1", "Another title"))
    second = made(show, retag=["001-talk"])
    assert media(second) != media(first)
    assert [item.guid for item in second.items] == [item.guid for item in first.items]


def test_a_new_recording_gets_a_new_address_and_keeps_its_guid(tmp_path):
    show = small(tmp_path / "show")
    first = published(show)
    shutil.copy(ROOT / "episodes/001-more-social.mp3", show / "episodes/001-talk.mp3")
    second = made(show)
    assert media(second).isdisjoint(media(first))
    assert second.lock[0].guid == first.lock[0].guid
    assert second.items[0].enclosure.seconds == pytest.approx(71.9, abs=0.2)


def test_lengths_in_the_lock_give_the_same_feed(tmp_path):
    show = small(tmp_path / "show")
    before = (made(show).folder / "feed.xml").read_bytes()
    [entry] = published(show).lock
    assert entry.media.seconds == 51.479909  # the file's frames say 51.479909297052146
    assert "seconds: 51.479909\n" in (show / "podcast.lock").read_text()
    assert (made(show).folder / "feed.xml").read_bytes() == before


def test_a_length_in_the_lock_is_not_rewritten(tmp_path):
    show = small(tmp_path / "show")
    published(show)
    lock = show / "podcast.lock"
    older = lock.read_text().replace("51.479909\n", "51.479909297052146\n")
    lock.write_text(older)
    published(show)
    assert lock.read_text() == older


def test_without_any_audio_the_feed_and_pages_are_the_same_bytes(tmp_path):
    show = sample(tmp_path / "show")
    whole = tree(published(show).folder)
    unwanted = shutil.ignore_patterns("*.mp3", "*.m4a", "build", ".podcast-kit")
    bare = shutil.copytree(show, tmp_path / "ci", ignore=unwanted)
    done = made(bare)
    there = tree(done.folder)
    assert there == {key: data for key, data in whole.items() if not key.endswith((".mp3", ".m4a"))}
    assert media(done) == {key for key in whole if key.endswith((".mp3", ".m4a"))}
    assert all(done.outputs[key].path is None for key in media(done))


def test_a_cleared_build_folder_gives_the_published_bytes_again(tmp_path):
    show = sample(tmp_path / "show")
    first = published(show)
    whole = tree(first.folder)
    shutil.rmtree(first.folder)
    shutil.rmtree(show / ".podcast-kit")
    assert tree(made(show).folder) == whole


def test_a_damaged_memory_costs_time_and_nothing_else(tmp_path):
    show = sample(tmp_path / "show")
    whole = tree(made(show).folder)
    (show / ".podcast-kit/memory.sqlite").write_bytes(b"not a database" * 100)
    assert tree(made(show).folder) == whole


def test_a_file_in_the_tree_that_was_tampered_with_is_made_again(tmp_path):
    show = sample(tmp_path / "show")
    done = made(show)
    whole = tree(done.folder)
    for key in ("feed.xml", "index.html", next(iter(media(done)))):
        (done.folder / key).write_bytes(b"tampered with")
    assert tree(made(show).folder) == whole


BUILDER = """
import sys
from datetime import datetime, UTC
from pathlib import Path
from podcast_kit import builder
from podcast_kit.source import project
builder.build(project.load_project(Path(sys.argv[1])), now=datetime(2026, 11, 22, 12, tzinfo=UTC))
"""


def test_surroundings_leave_no_trace(tmp_path):
    trees = []
    for number, (seed, zone, locale) in enumerate([("0", "UTC", "C"), ("4711", "Asia/Kolkata", "de_AT.UTF-8")]):
        show = sample(tmp_path / f"here{number}" / f"a folder {number}")
        for path in show.rglob("*"):
            os.utime(path, (1_000_000_000 + number * 86_400, 1_000_000_000 + number * 86_400))
        environment = os.environ | {"PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": locale}
        command = [sys.executable, "-c", BUILDER, show]
        work = tmp_path if number else ROOT
        subprocess.run(command, check=True, env=environment | {"PYTHONPATH": str(ROOT)}, cwd=work)
        trees.append(tree(show / "build"))
    assert trees[0] == trees[1]


def test_what_is_dated_in_the_future_is_left_out_until_then(tmp_path):
    show = small(tmp_path / "show", episodes=2)
    before = datetime(2020, 1, 2, 12, tzinfo=UTC)
    done = made(show, now=before)
    assert [item.episode.number for item in done.items] == [1]
    assert [episode.number for episode in done.scheduled] == [2]
    assert b"Talk 2" not in b"".join(tree(done.folder).values())
    assert [item.episode.number for item in made(show, now=before + timedelta(days=2)).items] == [2, 1]


def test_media_of_a_scheduled_episode_can_go_ahead_and_its_feed_needs_no_audio(tmp_path):
    show = small(tmp_path / "show", episodes=2)
    before = datetime(2020, 1, 2, 12, tzinfo=UTC)
    early = published(show, now=before, ahead=True)
    assert len(media(early)) == 2
    assert [item.episode.number for item in early.items] == [1]
    assert b"Talk 2" not in (early.folder / "feed.xml").read_bytes()
    for recording in (show / "episodes").glob("*.mp3"):
        recording.unlink()
    assert media(made(show, now=before)) == media(early)
    due = made(show, now=before + timedelta(days=2))
    assert [item.episode.number for item in due.items] == [2, 1]
    assert media(due) == media(early)


def pointed(show, address):
    """The show with its recordings at an address that a test can serve, which is not https."""
    found = project.load_project(show)
    return replace(found, episodes=tuple(replace(episode, audio=RemoteUrl(address)) for episode in found.episodes))


def test_a_remote_recording_is_measured_once_and_keeps_its_url(tmp_path):
    far = tmp_path / "far"
    far.mkdir()
    shutil.copy(ROOT / "episodes/003-what-a-review-is-for.mp3", far / "talk.mp3")
    server = serve.make_preview(far)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}/talk.mp3"
    show = small(tmp_path / "show", recording="", audio="https://far.example/talk.mp3")
    first = builder.build(pointed(show, address), now=NOW)
    builder.write_lock(first)
    server.shutdown()
    server.server_close()
    shutil.rmtree(show / ".podcast-kit")
    for done in (first, builder.build(pointed(show, address), now=NOW)):
        (item,) = done.items
        assert item.enclosure_url == address
        assert item.enclosure.bytes == (far / "talk.mp3").stat().st_size
        assert item.enclosure.seconds == pytest.approx(51.5, abs=0.2)
        assert media(done) == set()


def test_an_address_that_does_not_answer_is_a_fault_of_its_line(tmp_path):
    show = small(tmp_path / "show", recording="", audio="https://far.example/talk.mp3")
    with pytest.raises(InvalidInput) as caught:
        builder.build(pointed(show, "http://127.0.0.1:9/talk.mp3"), now=NOW)
    (problem,) = caught.value.problems
    assert (str(problem.location), problem.code) == ("episodes/001-talk.md:6:1", "au.remote")


def test_chapters_from_a_list_precede_the_prompts_in_the_feed(tmp_path):
    listed = "[{start: '0', title: One}, {start: '10', title: Two}, {start: '1:00', title: Three}]"
    (item,) = made(small(tmp_path / "show", chapters=listed, recording="001-more-social.mp3")).items
    assert [chapter.title for chapter in item.chapters] == ["One", "Two", "Three"]
    assert item.content.index("(00:01:00) Three") < item.content.index("podcasts.apple.com")
    (item,) = made(small(tmp_path / "other", notes="00:00 One\n00:10 Two\n00:20 Three\n")).items
    assert item.content.count("Two") == 1


def test_a_transcript_is_published_in_every_form_and_goes_into_the_audio(tmp_path):
    show = small(tmp_path / "show", transcript="001-talk.vtt")
    cue = "WEBVTT\n\n00:00.000 --> 00:02.000\n<v Ann>Hello there.\n"
    (show / "episodes/001-talk.vtt").write_text(cue)
    done = published(show)
    (item,) = done.items
    assert [one.mime for one in item.transcripts] == ["text/vtt", "application/x-subrip", "application/json"]
    assert [(one.speaker, one.text) for one in item.transcripts[0].cues] == [("Ann", "Hello there.")]
    assert b"Hello there." in (done.folder / item.enclosure.key).read_bytes()
    assert b"Hello there." in (done.folder / "episodes/001-talk/index.html").read_bytes()
    (show / "episodes/001-talk.vtt").write_text(cue.replace("Hello", "Good morning"))
    assert media(made(show)) == media(done)


def test_a_removed_episode_leaves_the_tree_and_stays_in_the_lock(tmp_path):
    show = small(tmp_path / "show", episodes=2)
    published(show)
    for path in (show / "episodes").glob("002-*"):
        path.unlink()
    done = made(show)
    assert len(media(done)) == 1
    assert len(list(done.folder.rglob("*.mp3"))) == 1
    assert [entry.slug for entry in done.lock] == ["001-talk", "002-talk"]


def test_all_problems_of_all_episodes_are_reported_and_the_old_build_stays_intact(tmp_path):
    show = small(tmp_path / "show", episodes=3)
    whole = tree(made(show).folder)
    (show / "episodes/001-talk.mp3").write_bytes(b"this is no audio" * 100)
    (show / "episodes/002-talk.mp3").unlink()
    (show / "episodes/broken.png").write_bytes(b"this is no picture" * 100)
    add(show, 3, notes="![broken](broken.png)\n")
    with pytest.raises(InvalidInput) as caught:
        made(show)
    found = [(problem.location.path, problem.code) for problem in caught.value.problems]
    assert [path for path, _ in found] == [
        "episodes/001-talk.mp3",
        "episodes/002-talk.md",
        "episodes/003-talk.md",
    ]
    assert tree(show / "build") == whole


def test_a_fault_in_the_last_page_leaves_every_page_and_the_feed_as_they_were(tmp_path):
    show = small(tmp_path / "show", episodes=2)
    whole = tree(made(show).folder)
    (show / "templates").mkdir()
    (show / "templates/sitemap.xml").write_text("{{ nothing.of.the.kind }}")
    notes = show / "episodes/001-talk.md"
    notes.write_text(notes.read_text().replace("One paragraph.", "Another paragraph."))
    with pytest.raises(InvalidInput) as caught:
        made(show)
    assert caught.value.problems[0].location.path == "templates/sitemap.xml"
    after = tree(show / "build")
    assert {key: data for key, data in after.items() if not key.startswith("media/")} == {
        key: data for key, data in whole.items() if not key.startswith("media/")
    }


def test_a_read_only_folder_is_reported(tmp_path):
    show = small(tmp_path / "show")
    (show / "build").write_text("a file where the folder should be")
    with pytest.raises(OperationError) as caught:
        made(show)
    assert "build" in caught.value.text


def test_a_foreign_folder_is_not_swept(tmp_path):
    show = small(tmp_path / "show")
    (tmp_path / "www").mkdir()
    (tmp_path / "www/precious.txt").write_text("mine")
    with pytest.raises(OperationError):
        made(show, folder=tmp_path / "www")
    assert (tmp_path / "www/precious.txt").read_text() == "mine"


def test_a_cover_that_is_not_an_image_is_reported_at_its_line(tmp_path):
    show = small(tmp_path / "show")
    (show / "cover.jpg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    with pytest.raises(InvalidInput) as caught:
        made(show)
    (problem,) = caught.value.problems
    assert str(problem.location) == "podcast.yaml:6:1"
    assert "cover.jpg" in problem.text
    assert "problem found" not in problem.text


def test_a_recording_that_is_a_link_out_of_the_folder_is_refused_by_name(tmp_path):
    show = small(tmp_path / "show")
    (tmp_path / "elsewhere.mp3").write_bytes((show / "episodes/001-talk.mp3").read_bytes())
    (show / "episodes/001-talk.mp3").unlink()
    (show / "episodes/001-talk.mp3").symlink_to(tmp_path / "elsewhere.mp3")
    with pytest.raises(InvalidInput) as caught:
        made(show)
    (problem,) = caught.value.problems
    assert (problem.location.path, problem.code) == ("episodes/001-talk.md", "path.outside")


def test_sources_are_never_written_to(tmp_path):
    show = sample(tmp_path / "show")
    before = tree(show)
    published(show)
    after = tree(show)
    assert {key: after[key] for key in before} == before


def test_listeners_programs_read_what_was_written(tmp_path):
    show = sample(tmp_path / "show")
    done = made(show)
    data = (done.folder / "feed.xml").read_bytes()
    theirs = podcastparser.parse("https://talking-back.example/feed.xml", (done.folder / "feed.xml").open("rb"))
    others = feedparser.parse(data)
    assert theirs["title"] == others.feed.title == "Talking Back"
    for item, one, other in zip(done.items, theirs["episodes"], others.entries, strict=True):
        output = done.outputs[item.enclosure.key]
        assert one["title"] == other.title == item.episode.title
        assert one["guid"] == other.id == item.guid
        assert one["published"] == int(item.date.timestamp())
        (enclosure,) = one["enclosures"]
        assert (enclosure["url"], enclosure["mime_type"]) == (item.enclosure_url, output.content_type)
        assert enclosure["file_size"] == int(other.enclosures[0].length) == output.path.stat().st_size
        assert one["total_time"] == round(item.enclosure.seconds)
        assert item.content in {one["description_html"], other.content[0].value}
        assert other.author == others.feed.author == "The podcast_kit founders"


@pytest.mark.skipif(not shutil.which("ffprobe"), reason="ffprobe is not installed")
def test_another_program_sees_tags_and_cover_of_every_published_file(tmp_path):
    done = made(sample(tmp_path / "show"))
    for item in done.items:
        path = done.outputs[item.enclosure.key].path
        command = ["ffprobe", "-v", "error", "-show_format", "-show_streams", "-show_chapters", "-of", "json", path]
        seen = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        said = {key.lower(): value for key, value in seen["format"]["tags"].items()}
        assert said["title"] == item.episode.title
        assert said["album"] == "Talking Back"
        assert said["genre"] == "Podcast"
        assert said["artist"] == "Ada Voice"
        assert said["track"].split("/")[0] == str(item.episode.number)
        assert "follow" in said.get("comment", "").lower()
        assert [stream for stream in seen["streams"] if stream["disposition"]["attached_pic"]]
        assert [float(chapter["start_time"]) for chapter in seen["chapters"]] == [
            chapter.start_ms / 1000 for chapter in item.chapters
        ]


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("CC-BY-NC-4.0", "https://creativecommons.org/licenses/by-nc/4.0/"),
        ("{name: Ours, url: 'https://pod.example/terms'}", "https://pod.example/terms"),
        ("ARR", ""),
    ],
)
def test_the_licence_of_the_show_is_in_the_audio(said, address, tmp_path):
    small(tmp_path)
    (tmp_path / "podcast.yaml").write_text((tmp_path / "podcast.yaml").read_text() + f"license: {said}\n")
    (key,) = media(done := made(tmp_path))
    assert dict(read_tags(done.folder / key).fields).get("WCOP", "") == address


def test_a_folder_in_which_a_build_failed_is_still_its_own(tmp_path):
    show = small(tmp_path / "show", image="broken.jpg")
    (show / "episodes/broken.jpg").write_bytes(b"no picture")
    with pytest.raises(InvalidInput):
        made(show, folder=tmp_path / "elsewhere")
    assert list((tmp_path / "elsewhere").rglob("*.jpg"))
    shutil.copy(show / "cover.jpg", show / "episodes/broken.jpg")
    assert made(show, folder=tmp_path / "elsewhere").items


@pytest.mark.parametrize("path", ["index.html", "INDEX.html", "feed.json", "follow"])
def test_a_feed_where_the_show_has_a_page_is_refused_at_its_line(tmp_path, path):
    show = small(tmp_path / "show")
    with (show / "podcast.yaml").open("a") as file:
        file.write(f"feed: {{path: {path}}}\n")
    with pytest.raises(InvalidInput) as caught:
        made(show)
    assert [(str(one.location), one.code) for one in caught.value.problems] == [("podcast.yaml:11:8", "path.form")]


def test_a_recording_that_changes_while_it_is_read_is_not_published_half(tmp_path):
    show = small(tmp_path / "show")
    found = project.load_project(show)
    source, good = show / "episodes/001-talk.mp3", (show / "episodes/001-talk.mp3").read_bytes()

    class SavedMeanwhile(EmbeddedImages):
        """An editor saves the recording while its tags are written."""

        def embed(self, file_tags):
            source.write_bytes(good + good)
            return super().embed(file_tags)

    tags = FileTags(make_tags(), None)
    with open_cache(tmp_path / "cache") as cache:
        out = OutputDir(tmp_path / "tree", cache)
        (prepared,) = prepare_audio(found, found.episodes, out).values()
        with pytest.raises(InvalidAudio, match="changed while it was read"):
            write_enclosure(prepared, "001-talk", tags, out, SavedMeanwhile(cache))
        assert not list((tmp_path / "tree").rglob("*.mp3*"))
        (prepared,) = prepare_audio(found, found.episodes, out).values()
        made = write_enclosure(prepared, "001-talk", tags, out, EmbeddedImages(cache))
    assert made.seconds == pytest.approx(
        2 * probe_audio(ROOT / "episodes/003-what-a-review-is-for.mp3").seconds, abs=0.2
    )
