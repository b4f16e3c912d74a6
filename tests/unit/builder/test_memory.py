"""What a build keeps of each episode does not grow with its texts, so that a show can have thousands of episodes."""

import gc
import tracemalloc
from datetime import UTC, datetime

from PIL import Image

from podcast_kit import builder
from podcast_kit.io import text_file
from podcast_kit.source.project import load_project
from tests.support.shows import small

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
FEW, MANY = 1, 4
CUES = 400
MAX_GROWTH_BYTES = 60_000
"""Half as much would do; the cues of a transcript alone take twice as much."""


def make_show(folder, episodes):
    show = small(folder, episodes=episodes, notes="A talk about naïve ideas – and more. " * 100, transcript="talk.vtt")
    Image.new("RGB", (400, 400), "#998877").save(show / "cover.jpg")  # a large one takes long to make smaller
    times = [f"00:{number // 60:02}:{number % 60:02}" for number in range(CUES)]
    cues = [f"{time}.000 --> {time}.900\n<v Ann>Words of a talk at {time}.\n" for time in times]
    (show / "episodes/talk.vtt").write_text("\n".join(["WEBVTT\n", *cues]))
    return show


def build(show):
    with builder.open_episode_record(show) as record:
        project = load_project(show, keep_going=True, kept=record.readings)
        return builder.build(project, now=NOW, record=record), record


def edit(show):
    notes = show / "episodes/001-talk.md"
    notes.write_text(notes.read_text() + "More.\n")


def measure_build(show):
    """The bytes that a finished build takes."""
    gc.collect()
    tracemalloc.start()
    try:
        finished = build(show)
        gc.collect()
        assert finished[0].items
        return tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


def test_memory_of_an_episode_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(text_file, "MAX_BYTES_IN_MEMORY", 0)
    warm_up = make_show(tmp_path / "warm-up", FEW)  # what is imported and compiled stays in memory
    for _ in range(2):
        build(warm_up)
        edit(warm_up)
    used = []
    for episodes in (FEW, MANY):
        show = make_show(tmp_path / f"show{episodes}", episodes)
        first = measure_build(show)
        edit(show)
        used.append((first, measure_build(show)))
    for few, many in zip(*used, strict=True):
        assert (many - few) / (MANY - FEW) < MAX_GROWTH_BYTES, used
