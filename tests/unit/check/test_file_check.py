import pytest

from podcast_kit import check
from podcast_kit.errors import OperationError
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
