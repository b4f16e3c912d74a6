from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podcast_kit.errors import InvalidInput
from podcast_kit.feed import render_chapters_json
from podcast_kit.model import Chapter, ChapterList, ChaptersFromFile, Episode, LocalFile, RemoteUrl
from podcast_kit.source.chapters import CHAPTER_FORMATS, load_chapter_file, load_episode_chapters, parse_chapters

GOLDEN = sorted(
    path for path in (Path(__file__).parents[1] / "golden/chapters").iterdir() if path.suffix != ".expected"
)
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
    image=st.sampled_from([None, RemoteUrl("https://a.example/i.png")]),
    toc=st.booleans(),
    end_ms=st.one_of(st.none(), st.integers(1, 10**6)),
)


@st.composite
def lists(draw):
    """Chapters in ascending order; an end is not after the next start."""
    ascending, start_ms = [], draw(st.integers(0, 10**6))
    for chapter in draw(st.lists(chapters, min_size=1, max_size=6)):
        end_ms = start_ms + min(chapter.end_ms, chapter.start_ms) if chapter.end_ms else None
        ascending.append(replace(chapter, start_ms=start_ms, end_ms=end_ms))
        start_ms += chapter.start_ms
    return ascending


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.name)
def test_parsed_chapters_equal_golden_file(path):
    lines = [
        f"{chapter.start_ms} {'-' if chapter.end_ms is None else chapter.end_ms} "
        f"{'' if chapter.toc else 'hidden '}{chapter.title!r} {chapter.url or '-'} {chapter.image or '-'}"
        for chapter in parse_chapters(path.read_bytes(), path.name)
    ]
    assert lines == path.with_name(f"{path.name}.expected").read_text("utf-8").splitlines()


@given(lists())
def test_json_chapters_of_the_feed_are_parsed_back(written):
    assert list(parse_chapters(render_chapters_json(written), "chapters.json")) == written


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
def test_invalid_chapter_file_is_reported_with_its_line(text, line):
    with pytest.raises(InvalidInput) as caught:
        parse_chapters(text.encode(), "c.txt")
    assert caught.value.problems[0].location.line == line


def test_chapters_must_ascend():
    with pytest.raises(InvalidInput) as caught:
        parse_chapters(b"00:00:10 b\n00:00:10 a\n", "c.txt")
    assert [problem.code for problem in caught.value.problems] == ["value.order"]


@given(st.text(alphabet=st.sampled_from("CHAPTER01=:.\t\n \\<>/\"'[]{},;#0123456789-a"), max_size=80))
def test_any_text_is_ascending_chapters_or_invalid_input(text):
    try:
        parsed = parse_chapters(text.encode(), "c.txt")
    except InvalidInput:
        return
    assert all(before.start_ms < after.start_ms for before, after in pairwise(parsed))


def episode(**more):
    return Episode(slug="one", path="episodes/one.md", title="One", notes="0:00 a\n1:00 b\n", **more)


def test_episode_chapters_are_loaded_from_notes_list_or_file(tmp_path):
    (tmp_path / "episodes").mkdir()
    (tmp_path / "episodes/i.png").write_bytes(b"x")
    (tmp_path / "episodes/one.json").write_text('{"chapters": [{"startTime": 0, "img": "i.png"}, {"startTime": 90}]}')
    listed = (Chapter(start_ms=0, title="x"),)
    assert [chapter.title for chapter in load_episode_chapters(tmp_path, episode(), 100).fitting] == ["a", "b"]
    assert load_episode_chapters(tmp_path, episode(chapters=ChapterList(listed)), 100).fitting == listed
    from_file = load_episode_chapters(tmp_path, episode(chapters=ChaptersFromFile("episodes/one.json")), 100)
    images = [chapter.image for chapter in from_file.fitting]
    assert (images, from_file.problems) == ([LocalFile("episodes/i.png"), None], ())


def test_chapter_after_the_end_is_left_out_with_a_warning(tmp_path):
    listed = (Chapter(start_ms=0, title="x"), Chapter(start_ms=90_000, title="y"))
    loaded = load_episode_chapters(tmp_path, episode(chapters=ChapterList(listed)), 60)
    assert (loaded.fitting, [problem.code for problem in loaded.problems]) == (listed[:1], ["cp.start"])


def test_chapter_image_outside_the_show_is_rejected(tmp_path):
    (tmp_path / "one.json").write_text('{"chapters": [{"startTime": 0, "img": "../../etc/passwd"}]}')
    with pytest.raises(InvalidInput) as caught:
        load_chapter_file(tmp_path, "one.json")
    assert [problem.code for problem in caught.value.problems] == ["path.outside"]


def test_every_format_has_a_golden_file():
    assert {parse_format(path) for path in GOLDEN} == set(CHAPTER_FORMATS)


def parse_format(path):
    text = path.read_text("utf-8-sig").replace("\r\n", "\n")
    return next(name for name, chapter_format in CHAPTER_FORMATS.items() if chapter_format.matches(text))
