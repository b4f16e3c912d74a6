"""Loading any folder ends in a Project or in InvalidInput, within seconds."""

import os
import random
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from podcast_kit.errors import InvalidInput
from podcast_kit.model import Project
from podcast_kit.problem_codes import is_registered
from podcast_kit.source import project
from tests.support import shows

SHOW = (shows.ROOT / "podcast.yaml").read_text("utf-8")
EPISODE = (shows.ROOT / "episodes/001-more-social.md").read_text("utf-8")
FULL = (
    EPISODE.split("---\n", 2)[1]
    + "chapters: [{start: 0:00, title: a, url: 'https://a.example'}]\ntranscript: [a.vtt]\nlisten: {apple: 1}\n"
    + "location: {name: Wien, geo: 'geo:1,2'}\nfunding: [{url: 'https://a.example', label: b}]\n"
    + "image: a.png\naudio: {file: a.mp3, loudness: -16}\n"
)
ODD = [
    "",
    "\x00",
    "\ud7ff",
    "'",
    '"',
    "{",
    "}",
    "[",
    "]",
    ": ",
    "- ",
    "#",
    "&a ",
    "*a",
    "!!int ",
    "|",
    ">",
    "\t",
    "\n",
    "---\n",
    "~",
    "%",
    "@",
    "..",
    "/",
    "\\",
    "\u202e",
    "9" * 400,
    "é",
    "\ufeff",
    "<<: ",
    "? ",
]


def read(folder):
    """The project, or the codes of its problems."""
    try:
        return project.load_project(folder)
    except InvalidInput as error:
        return {problem.code for problem in error.problems if str(problem).encode()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("hostile")
    (root / "episodes").mkdir()
    return root


def write(folder, show=SHOW, episode=EPISODE, lock=None):
    for name, text in (("podcast.yaml", show), ("episodes/a.md", episode), ("podcast.lock", lock)):
        if text is None:
            (folder / name).unlink(missing_ok=True)
            continue
        (folder / name).write_bytes(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text)
    return folder


def is_sound(outcome):
    return isinstance(outcome, Project) or (outcome and all(map(is_registered, outcome)))


def mutated(text, rng):
    """The text with one to four pieces removed, doubled or replaced by an odd character."""
    for _ in range(rng.randint(1, 4)):
        start, length = rng.randrange(len(text) + 1), rng.choice([0, 1, 1, 2, 5, 30])
        piece = text[start : start + length]
        kind = rng.randrange(4)
        odd = rng.choice(ODD)
        text = text[:start] + (odd, "", piece * 2, odd + piece)[kind] + text[start + length :]
    return text


@pytest.mark.parametrize("seed", range(10))
def test_mutated_shows_load_or_are_reported(folder, seed):
    rng = random.Random(seed)
    for _ in range(20):
        front = mutated(FULL, rng)
        assert is_sound(read(write(folder, mutated(SHOW, rng), f"---\n{front}---\n{EPISODE}")))


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.recursive(
        st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=8,
    ),
    st.data(),
)
def test_any_value_of_any_key_loads_or_is_reported(folder, value, data):
    import json

    keys = [
        line.partition(":")[0]
        for line in (SHOW if data.draw(st.booleans()) else FULL).split("\n")
        if line[:1].isalpha()
    ]
    key = data.draw(
        st.sampled_from(
            [*keys, "extra", "people", "ignore", "theme", "prompts", "value", "license", "explicit", "draft", "date"]
        )
    )
    line = f"{key}: {json.dumps(value)}\n"
    shown = "".join(row for row in SHOW.splitlines(keepends=True) if not row.startswith(key))
    fronted = f"title: x\nguid: y\n{line}" if key == "date" else f"title: x\ndate: 2026-01-01\n{line}"
    assert is_sound(read(write(folder, shown + line, f"---\n{fronted}---\n")))


@given(st.binary(max_size=60), st.binary(max_size=60), st.binary(max_size=60))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_load_or_are_reported(folder, show, episode, lock):
    assert is_sound(read(write(folder, show, episode, lock)))


@pytest.mark.parametrize(
    "show",
    [
        pytest.param("a: " + "[" * 1_000_000, id="brackets"),
        pytest.param("- " * 500_000, id="dashes"),
        pytest.param("\n".join(f"key{n}: x" for n in range(100_000)), id="unknown keys"),
        pytest.param("a: 1\n" * 200_000, id="one key for ever"),
        pytest.param(SHOW + "tags: [" + "x, " * 300_000 + "]", id="a long list"),
        pytest.param(SHOW.replace("categories: [", "categories: [" + "Bsiness, " * 100_000), id="wrong categories"),
        pytest.param(SHOW.replace("email: ", "email: a@" + "." * 1_000_000), id="a long address"),
        pytest.param("title: " + "x" * 1_900_000, id="a long title"),
        pytest.param("&a [" + "x," * 100 + "]\n", id="an anchor"),
        pytest.param("x" * 5_000_000, id="a long file"),
        pytest.param("? " * 300_000, id="keys of keys"),
        pytest.param("{" * 300_000, id="braces"),
        pytest.param('"' + "\\x41" * 300_000, id="escapes"),
    ],
)
def test_hostile_podcast_yaml_is_reported_within_seconds(folder, show):
    began = time.process_time()
    assert is_sound(read(write(folder, show)))
    assert time.process_time() - began < 10


@pytest.mark.parametrize("escape", [r"\0", r"\x07", r"\u200e\e", r"\uffff", r"\ud800"])
def test_escaped_control_character_is_rejected(folder, escape):
    assert not isinstance(read(write(folder, SHOW, f'---\ntitle: "a{escape}"\ndate: 2026-01-01\n---\n')), Project)


def test_path_with_nul_is_reported_at_its_location(tmp_path):
    show = shows.small(tmp_path / "show", transcript='"a\\0.vtt"')
    with pytest.raises(InvalidInput) as caught:
        project.load_project(show)
    assert ("episodes/001-talk.md:6:1", "path.form") in {
        (str(problem.location), problem.code) for problem in caught.value.problems
    }


@pytest.mark.parametrize("name", ["a" * 300, "ä" * 130])
def test_file_name_that_no_disk_holds_is_reported_at_its_location(name, tmp_path):
    shows.small(tmp_path, episodes=0)
    shows.add(tmp_path, 1, recording="", audio=f"{name}.wav")
    with pytest.raises(InvalidInput) as caught:
        project.load_project(tmp_path)
    (problem,) = caught.value.problems
    assert (problem.location.path, problem.code) == ("episodes/001-talk.md", "path.form")
    assert "longer than 255 bytes" in problem.text
    assert problem.location.line > 1


def test_pipes_folders_and_devices_are_not_opened(tmp_path):
    (tmp_path / "episodes").mkdir()
    write(tmp_path, SHOW.replace("artwork: episodes/art/cover.jpg\n", ""), "---\ntitle: x\ndate: 2026-01-01\n---\n")
    os.mkfifo(tmp_path / "episodes/b.md")
    (tmp_path / "episodes/c.md").mkdir()
    (tmp_path / "episodes/d.md").symlink_to(tmp_path / "episodes/d.md")
    (tmp_path / "episodes/e.md").symlink_to("/dev/zero")
    with pytest.raises(InvalidInput) as caught:
        project.load_project(tmp_path)
    assert [f"{problem.location} {problem.code}" for problem in caught.value.problems] == [
        "episodes/b.md file.missing",
        "episodes/d.md file.missing",
        "episodes/e.md path.outside",
    ]


def test_file_name_that_is_not_utf8_is_skipped_with_a_warning(tmp_path):
    (tmp_path / "episodes").mkdir()
    write(tmp_path, SHOW.replace("artwork: episodes/art/cover.jpg\n", ""), "---\ntitle: x\ndate: 2026-01-01\n---\n")
    try:
        (tmp_path / os.fsdecode(b"episodes/\xff.md")).write_bytes(b"")
    except OSError:
        pytest.skip("this file system allows only UTF-8 names")
    loaded = project.load_project(tmp_path)
    assert [episode.path for episode in loaded.episodes] == ["episodes/a.md"]
    assert [(str(problem.location), problem.code) for problem in loaded.warnings] == [
        ("episodes/\ufffd.md", "episode.place")
    ]
