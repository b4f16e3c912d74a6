import pytest
from hypothesis import given
from hypothesis import strategies as st

from podcast_kit.model import Chapter
from podcast_kit.source.chapters import chapters_from_notes, shift_timestamps
from podcast_kit.text.timecode import format_timecode


def chapters_of(markdown):
    return [(chapter.start_ms, chapter.title, chapter.url) for chapter in chapters_from_notes(markdown)[0]]


def reasons_against(markdown, **more):
    problems = chapters_from_notes(markdown, path="e.md", **more)[1]
    return [problem.text.partition(": ")[2] for problem in problems]


@pytest.mark.parametrize(
    "line",
    [
        "1:02:03 Title",
        "01:02:03.000 Title",
        "- 1:02:03 Title",
        "* [1:02:03] Title",
        "+ (1:02:03) Title",
        "2. 1:02:03 – Title",
        "1:02:03 - Title",
        "1:02:03: Title",
        "1:02:03 | Title",
        "  1:02:03 — Title",
        "62:03 Title",
        "> 1:02:03 -> Title",
        "1:02:03 **Title**",
        "1:02:03\tTitle",
    ],
)
def test_timestamp_line_formats(line):
    assert chapters_of(f"0:00 Intro\n{line}")[1][:2] == (3_723_000, "Title")


@pytest.mark.parametrize(
    ("title", "plain", "url"),
    [
        ("[A *b*](https://a.example/x_(y)) more", "A b more", "https://a.example/x_(y)"),
        ("A <https://a.example/>", "A", "https://a.example/"),
        ("[A](../relative.html)", "A", ""),
        ("`code` and snake_case", "code and snake_case", ""),
        (r"5 \* 3", "5 * 3", ""),
        ("AT&amp;T &copy;", "AT&T ©", ""),
    ],
)
def test_title_is_plain_and_its_link_the_chapters_url(title, plain, url):
    assert chapters_of(f"0:00 Intro\n1:00 {title}")[1] == (60_000, plain, url)


@pytest.mark.parametrize(
    "markdown",
    [
        "10:30 AM meeting",
        "We meet at\n10:30 in the hall",
        "0:00 alone",
        "Text 0:00 inside\nText 1:00 inside",
        "```\n0:00 a\n1:00 b\n```",
        "0:00\n1:00",
        "1:2:3:4 a\n0:00 b",
        "3:75 a\n4:80 b",
    ],
)
def test_timestamps_in_other_text_make_no_chapters_and_no_warning(markdown):
    assert chapters_from_notes(markdown) == ((), ())


@pytest.mark.parametrize(
    ("markdown", "why"),
    [
        ("0:10 a\n0:20 b", "the first is 0:10, not 0:00"),
        ("0:00 a\n0:20 b\n0:20 c", "0:20 is not after 0:20"),
        ("0:00 a\n5:00 b\n4:00 c", "4:00 is not after 5:00"),
        ("0:00 a\n1:00 b", "1:00 is after the end of the episode (00:01:00)"),
    ],
)
def test_timestamps_that_form_no_chapters_are_warned_of(markdown, why):
    assert reasons_against(markdown, duration_ms=60_000) == [why]


def test_warning_is_located_at_the_first_timestamp():
    (problem,) = chapters_from_notes("Text\n\n0:10 a\n0:20 b", path="e.md", first_line=8)[1]
    assert (str(problem.location), problem.code) == ("e.md:10", "cp.notes")


def test_text_splits_a_list_of_timestamps_and_blank_lines_do_not():
    assert len(chapters_of("0:00 a\n\n1:00 b\n\n2:00 c")) == 3
    assert chapters_of("12:00 Lunch\n\nText\n\n0:00 a\n1:00 b") == [(0, "a", ""), (60_000, "b", "")]


@given(
    st.lists(
        st.tuples(st.integers(1, 10**7), st.from_regex(r"[A-Za-z][a-z ]{0,10}[a-z]", fullmatch=True)),
        min_size=1,
        max_size=8,
    )
)
def test_timestamps_are_parsed_back(steps):
    start_ms, written = 0, [Chapter(start_ms=0, title="Intro")]
    for step, title in steps:
        start_ms += step
        written.append(Chapter(start_ms=start_ms, title=" ".join(title.split())))
    lines = [f"- {format_timecode(chapter.start_ms)} {chapter.title}" for chapter in written]
    assert chapters_from_notes("\n".join(lines))[0] == tuple(written)


@given(st.text(alphabet="0123456789:.,()[]-*_ ab\n`>", max_size=80))
def test_any_notes_have_ascending_chapters_from_zero_or_none(markdown):
    starts = [chapter.start_ms for chapter in chapters_from_notes(markdown)[0]]
    assert starts == sorted(set(starts))
    assert starts[:1] in ([], [0])


@pytest.mark.parametrize(
    ("written", "by_ms", "moved"),
    [
        ("00:00 A\n00:10 B", 3000, "00:00 A\n00:13 B"),
        ("0:00 A\n59:58 B", 3000, "0:00 A\n1:00:01 B"),
        ("(00:00:00) A\n(00:00:10.250) B", 1500, "(00:00:00) A\n(00:00:11.750) B"),
        ("- [00:00] A\n- [01:10] 01:10 is its title", -5000, "- [00:00] A\n- [01:05] 01:10 is its title"),
        (
            "We met at 10:30 sharp.\n\n0:00 A\n0:02 B\n\n10:30 sharp.",
            999,
            "We met at 10:30 sharp.\n\n0:00 A\n0:02 B\n\n10:30 sharp.",
        ),
        ("00:00 A\n00:02 B", -9000, "00:00 A\n00:00 B"),
    ],
)
def test_timestamps_are_shifted(written, by_ms, moved):
    assert shift_timestamps(written, by_ms) == moved
    assert shift_timestamps(written, 0) == written
