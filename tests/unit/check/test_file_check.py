from pathlib import Path

import pytest

from podcast_kit import check
from podcast_kit.errors import OperationError, Severity
from tests.support.checked_shows import BACKWARDS_VTT, NOW, build_show


def codes(problems):
    return {problem.code for problem in problems}


def test_feed_file_is_checked(show):
    path = build_show(show).folder / "feed.xml"
    assert check.check_file(path, now=NOW) == ()
    data = path.read_bytes().replace(b"<itunes:author>", b"<itunes:autor>")
    path.write_bytes(data.replace(b"</itunes:author", b"</itunes:autor"))
    assert codes(check.check_file(path, now=NOW)) == {"xml.unknown", "ch.author"}


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("talk.vtt", BACKWARDS_VTT, "tr.vtt"),
        ("talk.srt", "no cue at all", "tr.srt"),
        ("chapters.json", '{"chapters": []}', "cp.json"),
        (
            "feed.json",
            '{"items": [{"id": 1}], "title": "x", "version": "https://jsonfeed.org/version/1"}',
            "jf.required",
        ),
        ("shows.opml", "<opml version='2.0'><head/><body/></opml>", "opml.form"),
        ("shows.opml", "<opml", "xml.wellformed"),
        ("feed.xml", "no feed", "xml.wellformed"),
    ],
)
def test_other_formats_are_checked_by_their_extension(tmp_path, name, text, code):
    (tmp_path / name).write_text(text)
    assert codes(check.check_file(tmp_path / name, now=NOW)) == {code}


FOREIGN = Path(__file__).parents[2] / "golden" / "foreign_transcripts"


@pytest.mark.parametrize(
    "path", sorted(path for path in FOREIGN.iterdir() if path.suffix != ".expected"), ids=lambda path: path.name
)
def test_transcripts_of_other_programs_have_no_errors(path):
    problems = check.check_file(path, now=NOW)
    assert [problem for problem in problems if problem.severity is Severity.ERROR] == []
    assert codes(problems) <= {"tr.repaired", "tr.srt", "tr.vtt"}
    assert bool(problems) is (path.name not in {"otter.txt", "premiere.txt", "repeated.vtt"})


@pytest.mark.parametrize(
    ("name", "data", "problems"),
    [
        ("talk.json", b'{"version": "1.0.0", "segments": [{"startTime": 0, "endTime": 2, "body": "Hi"}]}', []),
        ("talk.json", b'{"segments": [{"start": 0.0, "end": 2.0, "text": " Hi"}]}', [(0, "tr.repaired", "hint")]),
        ("talk.json", b'{"segments": [{"start": "soon", "text": " Hi"}]}', [(1, "tr.grammar", "error")]),
        (
            "talk.json",
            b'[{"start": "0:00", "end": "0:02", "voice": "Ann", "text": "Hi"}]',
            [(0, "tr.repaired", "hint")],
        ),
        ("chapters.json", b'{"version": "1.2.0", "chapters": [{"startTime": 0, "title": "Hi"}]}', []),
        ("talk.txt", b"Ann Lee  0:00\nHello.\n\nBo  0:04\nThanks.\n", []),
        ("talk.txt", b"", [(1, "tr.grammar", "error")]),
        ("talk.txt", "Café".encode("cp1252"), [(1, "file.encoding", "warning")]),
        ("chapters.txt", b"00:00:00 Hello\n00:00:10 Bye\n", []),
        ("chapters.txt", b"00:00:10 Hello\n00:00:00 Bye\n", [(0, "value.order", "error")]),
        ("labels.txt", b"0.0\t1.0\tHello\nx\t2.0\tBye\n", [(2, "cp.grammar", "error")]),
        ("talk.html", b"<cite>Ann:</cite><time>0:00</time><p>Hello</p>", []),
        ("talk.html", b"<p></p>", [(1, "tr.grammar", "error")]),
        ("talk.srt", "1\n00:00:00,000 --> 00:00:04,000\nCafé\n".encode("cp1252"), [(3, "file.encoding", "warning")]),
        ("talk.srt", "1\n00:00:00,000 --> 00:00:04,000\nHi\n".encode("utf-16"), [(1, "file.encoding", "warning")]),
        ("talk.srt", b"1\n00:00:01,000 --> 00:00:01,000\nHi\n", [(2, "tr.srt", "warning")]),
        ("talk.srt", b"\xff\xfe\x00\x00\x01\x00\x81\x00\x00", [(1, "tr.srt", "error")]),
    ],
)
def test_transcripts_and_chapters_are_told_apart_by_their_content(tmp_path, name, data, problems):
    (tmp_path / name).write_bytes(data)
    reported = check.check_file(tmp_path / name, now=NOW)
    assert [(problem.location.line, problem.code, str(problem.severity)) for problem in reported] == problems


def test_missing_file_is_an_operation_error(tmp_path):
    with pytest.raises(OperationError, match="cannot be read"):
        check.check_file(tmp_path / "feed.xml", now=NOW)


def test_problems_of_one_kind_are_limited():
    items = "".join(f"<item><guid>{number}</guid></item>" for number in range(300))
    data = f'<rss version="2.0"><channel>{items}</channel></rss>'.encode()
    problems = check.check_feed(data, "feed.xml", now=NOW)
    weak = [problem for problem in problems if problem.code == "it.guid.strength"]
    assert len(weak) == 101
    assert weak[0].text == "200 more problems of this kind not listed"
