"""An episode goes through a build once: nothing is parsed twice, and each step is one module, entered in order."""

import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image as PillowImage

from podcast_kit import builder
from podcast_kit.builder import chapters, transcripts
from podcast_kit.source import project
from tests.support.shows import small

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
BUILDER = Path(builder.__file__).parent
STEPS = (
    "images.publish_note_images",
    "images.publish_episode_image",
    "chapters.load_chapters",
    "transcripts.load_transcripts",
    "description.render_description",
    "transcripts.transcript_text",
    "tags.build_tags",
    "enclosure.write_enclosure",
    "alternate_enclosure.write_alternate",
    "soundbites.shift_elements",
    "soundbites.write_soundbites",
    "chapters.publish_chapters",
    "renames.find_former_slugs",
    "transcripts.publish_transcripts",
)
VTT = "WEBVTT\n\n00:00.000 --> 00:04.000\nHello and welcome.\n"
CHAPTERS_FILE = "00:00:00 Opening\n00:00:01 Middle\n00:00:02 Close\n"


@pytest.fixture(params=["notes", "file"])
def show(tmp_path, request):
    """A show with one episode that has chapters, a transcript, a picture in the notes and its own artwork."""
    keys = {"transcript": "talk.vtt", "image": "art/own.jpg"}
    notes = "A talk.\n\n![A picture](art/own.jpg)\n"
    if request.param == "file":
        keys["chapters"] = "chapters.txt"
    else:
        notes += f"\n{CHAPTERS_FILE}"
    folder = small(tmp_path / "show", notes=notes, **keys)
    art = folder / "episodes" / "art"
    art.mkdir()
    PillowImage.new("RGB", (1500, 1500), "#223344").save(art / "own.jpg")
    (folder / "episodes/talk.vtt").write_text(VTT, "utf-8")
    (folder / "episodes/chapters.txt").write_text(CHAPTERS_FILE, "utf-8")
    return folder


def build(show):
    return builder.build(project.load_project(show), now=NOW)


@pytest.fixture
def parses(monkeypatch):
    """Counts how often chapters and transcripts are parsed and images are decoded, by kind."""
    counts = Counter()

    def counted(kind, function):
        def wrapper(*arguments, **settings):
            counts[kind] += 1
            return function(*arguments, **settings)

        return wrapper

    monkeypatch.setattr(chapters, "load_episode_chapters", counted("chapters", chapters.load_episode_chapters))
    monkeypatch.setattr(
        transcripts.source, "load_transcript", counted("transcripts", transcripts.source.load_transcript)
    )
    monkeypatch.setattr(PillowImage, "open", counted("images", PillowImage.open))
    return counts


def steps_entered(function, *arguments):
    """The functions of builder's modules that `build_episode` calls, in the order in which they are called."""
    entered = []

    def profile(frame, event, _):
        if event == "call" and frame.f_back and frame.f_back.f_code.co_name == "build_episode":
            path = Path(frame.f_code.co_filename)
            if path.parent == BUILDER and path.stem != "episode" and not frame.f_code.co_name.startswith("<"):
                entered.append(f"{path.stem}.{frame.f_code.co_name}")

    sys.setprofile(profile)
    try:
        function(*arguments)
    finally:
        sys.setprofile(None)
    return entered


def test_chapters_and_transcripts_are_parsed_once_for_each_episode(show, parses):
    episodes = len(build(show).items)
    assert parses["chapters"] == episodes
    assert parses["transcripts"] == 1


def test_an_unchanged_build_parses_once_and_decodes_no_image(show, parses):
    build(show)
    parses.clear()
    assert build(show).files_written == 0
    assert parses["transcripts"] == 1
    assert parses["images"] == 0


def test_each_step_of_an_episode_is_entered_once_and_in_order(tmp_path):
    show = small(tmp_path / "show")
    entered = steps_entered(build, show)
    calls_of_properties = (
        "chapters.for_notes",
        "chapters.for_tags",
        "chapters.for_item",
        "description.episode_page_url",
        "output_dir.place",
    )
    steps = [step for step in entered if step not in calls_of_properties]
    assert tuple(steps) == STEPS
