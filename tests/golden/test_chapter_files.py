from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podcast_kit.errors import InvalidInput
from podcast_kit.feed import render_chapters_json
from podcast_kit.model import Chapter, Episode
from podcast_kit.source.chapters import files as chapter_files
from podcast_kit.problem_codes import PROBLEM_CODES

GOLDEN = sorted(
    path for path in (Path(__file__).parents[1] / "golden/chapters").iterdir() if path.suffix != ".expected"
)
WRITTEN = sorted(name for name, form in chapter_files.CHAPTER_FORMATS.items() if form.write)
letters = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp", "Cn", "Co"))
titles = (
    st.text(letters, min_size=1, max_size=20)
    .map(lambda text: " ".join(text.split()))
    .filter(lambda text: text[:1].isalnum())
)
urls = st.sampled_from(["", "https://a.example/", "https://a.example/b?c=d&e=%20#f"])
chapters = st.builds(
    Chapter,
    start_ms=st.integers(1, 10**6),
    title=titles,
    url=urls,
    image=st.sampled_from(["", "https://a.example/i.png"]),
    toc=st.booleans(),
    end_ms=st.one_of(st.none(), st.integers(1, 10**6)),
)


@st.composite
def lists(draw):
    """Chapters as steps from one to the next; an end lies before the next start."""
    found, at = [], draw(st.integers(0, 10**6))
    for one in draw(st.lists(chapters, min_size=1, max_size=6)):
        end = at + min(one.end_ms, one.start_ms) if one.end_ms else None
        found.append(replace(one, start_ms=at, end_ms=end))
        at += one.start_ms
    return found


def carried(found, form):
    """What a format keeps of chapters."""
    empty = Chapter(start_ms=0, title="")
    listed = [one for one in found if one.toc or "toc" in form.keeps]
    fields = {"start_ms", "end_ms", "title", "url", "image", "toc"} - form.keeps
    return [replace(one, **{name: getattr(empty, name) for name in fields}) for one in listed]


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.name)
def test_a_file_of_chapters_is_read_as_the_golden_file_has_it(path):
    found = chapter_files.parse_chapters(path.read_bytes(), path.name)
    said = [
        f"{one.start_ms} {'-' if one.end_ms is None else one.end_ms} {'' if one.toc else 'hidden '}{one.title!r} "
        f"{one.url or '-'} {one.image or '-'}"
        for one in found
    ]
    assert said == path.with_name(f"{path.name}.expected").read_text("utf-8").splitlines()


@pytest.mark.parametrize("name", ["psc", "ogg", "mp4chaps", "notes"])
@given(found=lists())
def test_chapters_that_are_written_are_read_back(name, found):
    form = chapter_files.CHAPTER_FORMATS[name]
    expected = carried(found, form)
    if expected:
        written = form.write(found).encode()
        assert list(chapter_files.parse_chapters(written, "x", name)) == expected
        assert list(chapter_files.parse_chapters(written, "x")) == expected


@pytest.mark.parametrize("name", ["vtt", "ffmetadata", "audacity"])
@given(found=lists())
def test_formats_with_ends_keep_the_ends_that_are_known(name, found):
    form = chapter_files.CHAPTER_FORMATS[name]
    expected = carried(found, form)
    if not expected:
        return
    got = chapter_files.parse_chapters(form.write(found).encode(), "x")
    assert [(one.start_ms, one.title) for one in got] == [(one.start_ms, one.title) for one in expected]
    for read, one, later in zip(got, expected, [*expected[1:], None], strict=True):
        guessed = (
            None
            if name == "audacity" or (later is None and name == "ffmetadata")
            else (later.start_ms if later else one.start_ms + 1000)
        )
        assert read.end_ms == (one.end_ms or (max(guessed, one.start_ms + 1000) if name == "vtt" else guessed))


@given(lists())
def test_json_chapters_that_the_feed_writes_are_read_back(found):
    assert list(chapter_files.parse_chapters(render_chapters_json(found), "chapters.json")) == found


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("00:00:00 Intro\nsoon Main\n", 2),
        ("0\t0\tIntro\nx\t1\ty\n", 2),
        ("CHAPTER01=00:00:00\nCHAPTER02=soon\n", 2),
        ("CHAPTER01=00:00:00\nnonsense\n", 2),
        (";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/0\nSTART=0\n", 2),
        (";FFMETADATA1\n[CHAPTER]\ntitle=x\n", 2),
        ('{"chapters": [\n}', 2),
        ('{"chapters": {}}', 1),
        ('{"chapters": [{"title": "x"}]}', 1),
        ('{"chapters": [{"startTime": -1}]}', 1),
        ('{"chapters": [{"startTime": 1e999}]}', 1),
        ('{"chapters": [{"startTime": true}]}', 1),
        ('{"chapters": [{"startTime": 0, "url": "javascript:alert(1)"}]}', 1),
        ('{"chapters": []}', 1),
        ("[" * 100_000, 1),
        ("<psc:chapters><psc:chapter start='x'/></psc:chapters>", 1),
        ("<psc:chapters>\n<psc:chapter", 2),
        ('<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><x><chapter start="0" title="&b;"/></x>', 1),
        ("WEBVTT\n\n00:00:05.000 --> 00:00:01.000\nx\n", 3),
        ("", 1),
    ],
)
def test_a_file_that_is_no_chapters_is_told_with_its_line(text, line):
    with pytest.raises(InvalidInput) as caught:
        chapter_files.parse_chapters(text.encode(), "c.txt")
    assert caught.value.problems[0].location.line == line
    assert {problem.code for problem in caught.value.problems} <= PROBLEM_CODES.keys()


def test_chapters_ascend():
    with pytest.raises(InvalidInput) as caught:
        chapter_files.parse_chapters(b"00:00:10 b\n00:00:10 a\n", "c.txt")
    assert [problem.code for problem in caught.value.problems] == ["value.order"]


@given(st.text(alphabet=st.sampled_from("CHAPTER01=:.\t\n \\<>/\"'[]{},;#0123456789-a"), max_size=80))
def test_any_text_is_chapters_that_ascend_or_invalid_input(text):
    try:
        found = chapter_files.parse_chapters(text.encode(), "c.txt")
    except InvalidInput:
        return
    assert all(before.start_ms < after.start_ms for before, after in pairwise(found))


def episode(**more):
    return Episode(slug="one", path="episodes/one.md", title="One", notes="0:00 a\n1:00 b\n", **more)


def test_an_episodes_chapters_are_found_wherever_they_are(tmp_path):
    (tmp_path / "episodes").mkdir()
    (tmp_path / "episodes/i.png").write_bytes(b"x")
    (tmp_path / "episodes/one.json").write_text('{"chapters": [{"startTime": 0, "img": "i.png"}, {"startTime": 90}]}')
    listed = (Chapter(start_ms=0, title="x"),)
    assert [one.title for one in chapter_files.of(tmp_path, episode(), 100)[0]] == ["a", "b"]
    assert chapter_files.of(tmp_path, episode(chapters=listed), 100) == (listed, ())
    found, problems = chapter_files.of(tmp_path, episode(chapters="episodes/one.json"), 100)
    assert ([one.image for one in found], problems) == (["episodes/i.png", ""], ())


def test_a_chapter_behind_the_end_is_left_out_with_a_warning(tmp_path):
    listed = (Chapter(start_ms=0, title="x"), Chapter(start_ms=90_000, title="y"))
    found, problems = chapter_files.of(tmp_path, episode(chapters=listed), 60)
    assert (found, [problem.code for problem in problems]) == (listed[:1], ["cp.start"])


def test_a_picture_of_a_chapter_stays_inside_the_show(tmp_path):
    (tmp_path / "one.json").write_text('{"chapters": [{"startTime": 0, "img": "../../etc/passwd"}]}')
    with pytest.raises(InvalidInput) as caught:
        chapter_files.load_chapter_file(tmp_path, "one.json")
    assert [problem.code for problem in caught.value.problems] == ["path.outside"]


def test_every_format_can_be_written_but_json_which_the_feed_writes():
    assert sorted(set(chapter_files.CHAPTER_FORMATS) - {"json"}) == WRITTEN
