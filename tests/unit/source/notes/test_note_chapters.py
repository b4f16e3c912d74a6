import time

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
    ("markdown", "starts", "problems"),
    [
        (
            "0:10 a\n0:20 b",
            [],
            ["e.md:1: hint: the timestamps in the notes are not used as chapters: the first is 0:10"],
        ),
        ("0:00 a\n0:20 b\n0:20 c", [0, 20], ["e.md:3: warning: 0:20 is not used as a chapter: it is not after 0:20"]),
        ("0:00 a\n0:50 b\n0:40 c", [0, 50], ["e.md:3: warning: 0:40 is not used as a chapter: it is not after 0:50"]),
        (
            "0:00 a\n0:50 b\n0:10 c\n0:20 d",
            [0, 10, 20],
            ["e.md:2: warning: 0:50 is not used as a chapter: it is not before 0:10"],
        ),
        (
            "0:00 a\n1:00 b",
            [],
            [
                "e.md:1: warning: 0:00 is not used as a chapter: it is the only one before the end of the recording",
                "e.md:2: warning: 1:00 is not used as a chapter: it is after the end of the recording (00:01:00)",
            ],
        ),
        (
            "0:00 a\n0:10 b\n9:00 c\n99:00 d",
            [0, 10],
            [
                "e.md:3: warning: 9:00 is not used as a chapter: it is after the end of the recording (00:01:00)",
                "e.md:4: warning: 99:00 is not used as a chapter: it is after the end of the recording (00:01:00)",
            ],
        ),
        (
            "0:30 before\n\ntext\n\n0:00 a\n0:10 b\n\nmore\n\n0:05 - c",
            [0, 10],
            [
                "e.md:1: hint: 0:30 is not used as a chapter: it is apart from the list that begins at 0:00",
                "e.md:10: hint: 0:05 is not used as a chapter: it is apart from the list that begins at 0:00",
            ],
        ),
        ("0:00 - 0:15 a\n0:40 - 0:15 b", [0, 40], ["e.md:2: warning: the end 0:15 is not after 0:40 and is not used"]),
        ("Opening (0:10)\nMiddle (0:20)", [], ["e.md:1: hint: the timestamps in the notes are not used as chapters"]),
    ],
)
def test_each_timestamp_that_makes_no_chapter_has_its_reason_at_its_line(markdown, starts, problems):
    chapters, reported = chapters_from_notes(markdown, path="e.md", duration_ms=60_000)
    assert [chapter.start_ms // 1000 for chapter in chapters] == starts
    assert len(reported) == len(problems)
    assert [str(problem)[: len(text)] for problem, text in zip(reported, problems, strict=True)] == problems


THREE = [(0, "Opening", ""), (15_000, "Middle", ""), (40_000, "Close", "")]


@pytest.mark.parametrize(
    "markdown",
    [
        "**00:00** Opening  \n**00:15** Middle  \n**00:40** Close",
        "**00:00 Opening**\n**00:15 Middle**\n**00:40 Close**",
        "**00:00:** Opening\n**00:15:** Middle\n**00:40:** Close",
        "*00:00* – Opening\n*00:15* – Middle\n*00:40* – Close",
        "`00:00` Opening\\\n`00:15` Middle\\\n`00:40` Close",
        "Opening (00:00)\nMiddle (00:15)\nClose (00:40)",
        "- Opening [00:00]\n- Middle [00:15]\n- Close [00:40]",
        "**Opening** – 00:00\n**Middle** – 00:15\n**Close** – 00:40",
        "Opening 00:00\nMiddle 00:15\nClose 00:40",
        "Opening ..... 00:00\nMiddle ..... 00:15\nClose ..... 00:40",
        "(00:00)\nOpening\n\n(00:15)\nMiddle\n\n(00:40)\nClose",
        "(00:00)\nOpening\n(00:15)\nMiddle\n(00:40)\nClose",
        "**00:00**\n\nOpening\n\n**00:15**\n\nMiddle\n\n**00:40**\n\nClose\n\nWords.",
        "Opening\n(00:00)\nMiddle\n(00:15)\nClose\n(00:40)",
        "Opening\n00:00\n\nMiddle\n00:15\n\nClose\n00:40",
        "## 00:00 Opening\n\nWords.\n\n## 00:15 Middle\n\nWords.\n\n## 00:40 Close",
        "00:00 Opening\n-----\n\n00:15 Middle\n-----\n\n00:40 Close\n-----",
        "0:00 Opening\n\nWords, words.\n\n0:15 Middle\n\nWords.\n\n0:40 Close",
        "| Time | Topic |\n|------|:-----:|\n| 00:00 | Opening |\n| 00:15 | Middle |\n| 00:40 | Close |",
        "Topic | Time\n--- | ---\nOpening | 00:00\nMiddle | 00:15\nClose | 00:40",
        "|#|From|To|Topic|Who|\n|-|-|-|-|-|\n|1|0:00|0:15|Opening|Ann|\n|2|0:15|0:40|Middle|Bo|\n|3|0:40|0:51|Close||",
        "00:00 - 00:15 Opening\n00:15 - 00:40 Middle\n00:40 - 00:51 Close",
        "[00:00–00:15] Opening\n[00:15–00:40] Middle\n[00:40–00:51] Close",
        "00:00-00:14: Opening\n00:15-00:39: Middle\n00:40-00:51: Close",
        "00:00 to 00:15 Opening\n00:15 to 00:40 Middle\n00:40 to 00:51 Close",
        "00:00–Opening\n00:15–Middle\n00:40-Close",
        "[00:00](#t=0) Opening\n[00:15](#t=15) Middle\n[00:40](#t=40) Close",
        "\\[00:00\\] Opening\n\\[00:15\\] Middle\n\\[00:40\\] Close",
        "00:00 \\- Opening\n00:15 \\- Middle\n00:40 \\- Close",
        "⏱ 00:00 Opening\n⏱ 00:15 Middle\n⏱ 00:40 Close",
        "00:00.000 Opening\n\n00:15.000 Middle\n\n00:40.000 Close",
    ],
)
def test_chapters_are_found_however_they_are_written(markdown):
    assert chapters_of(markdown) == THREE
    assert reasons_against(markdown, duration_ms=51_000) == []


@pytest.mark.parametrize(
    "markdown",
    [
        "It began at 3:15 AM, as in John 3:16; they won 2:1.",
        "10:30 AM Doors open\n11:00 AM Talk\n1:00 PM Lunch",
        "- Song One (3:45)\n- Song Two (2:30)\n- Song Three (4:10)",
        "We met at 10:30\nand left at 11:15\nto be home at 12:00",
        "(00:00)\n(00:15)",
    ],
)
def test_other_times_are_no_chapters_and_no_problem(markdown):
    assert chapters_from_notes(markdown) == ((), ())


def test_end_of_a_range_is_kept_where_it_leaves_a_gap():
    chapters, _ = chapters_from_notes("0:00 - 0:10 a\n0:15 - 0:29 b\n0:30 - 0:50 c", duration_ms=51_000)
    assert [chapter.end_ms for chapter in chapters] == [10_000, None, None]


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
        ("0:00 - 0:10 A\n0:10 - 0:20 B", 5000, "0:00 - 0:15 A\n0:15 - 0:25 B"),
        ("At 0:10 A (0:00)\nAt 0:10 B (0:10)", 5000, "At 0:10 A (0:00)\nAt 0:10 B (0:15)"),
        ("| 0:00 | A |\n| 0:10 | B |", 5000, "| 0:00 | A |\n| 0:15 | B |"),
    ],
)
def test_timestamps_are_shifted(written, by_ms, moved):
    assert shift_timestamps(written, by_ms) == moved
    assert shift_timestamps(written, 0) == written


TIMES = st.lists(st.integers(0, 90), min_size=2, max_size=12)
FORMS = (
    "{} {}",
    "- {} – {}",
    "**{}** {}",
    "{1} ({0})",
    "({})\n{}\n",
    "| {} | {} |",
    "## {} {}\n\nWords.\n",
    "> [{}] {}",
)


@given(TIMES, st.sampled_from(FORMS), st.integers(1, 100))
def test_no_chapter_disappears_without_a_line_that_says_why(starts, form, duration):
    lines, line_of = ["Words.", ""], {}
    for number, start in enumerate(starts):
        line_of[f"Topic {number}"] = len(lines)
        lines += form.format(f"{start // 60}:{start % 60:02}", f"Topic {number}").split("\n")
    chapters, problems = chapters_from_notes("\n".join(lines), path="e.md", first_line=1, duration_ms=duration * 1000)
    kept = {chapter.title for chapter in chapters}
    reported = {problem.location.line - 1 for problem in problems}
    if chapters or len(problems) > 1:
        assert len(chapters) + len(problems) == len(starts)
        assert {line_of[title] for title in line_of.keys() - kept} == reported
    elif form not in {"{1} ({0})", "## {} {}\n\nWords.\n"}:  # of the lengths of songs, and of headings, none is sure
        assert len(problems) == 1


@pytest.mark.parametrize(
    "line",
    [
        "{}:{:02} Topic",
        "## {}:{:02} Topic\n\nWords.\n",
        "Topic ({}:{:02})",
        "({}:{:02})\nTopic\n",
        "| {}:{:02} | Topic |",
    ],
)
def test_notes_with_many_times_are_read_in_linear_time(line):
    rows = [line.format(number // 60, number % 60) for number in range(3000)]
    began = time.process_time()
    assert len(chapters_of("\n".join(rows))) == 3000
    chapters_from_notes("\n".join(reversed(rows)))
    chapters_from_notes("\n".join(rows[:1] * 3000))
    assert time.process_time() - began < 4


@pytest.mark.parametrize(
    "line",
    [
        "a" + " " * 990 + ":x",
        "a" + " " * 990 + "0:00",
        "." * 990 + "1:00",
        "\t" * 990 + "1:00",
        "1:" * 480 + "00",
        "|" * 990 + "1:00|",
        "– " * 490 + "1:00",
        "[" * 990 + "1:00",
        "*" * 990 + "1:00",
    ],
)
def test_odd_lines_are_read_in_linear_time(line):
    began = time.process_time()
    chapters_from_notes("\n".join([line] * 1000))
    assert time.process_time() - began < 2
