"""Notes of a feed reach the page and the new feed with the text, bold words, links and chapters that they had."""

from html import escape

import pytest

from podcast_kit import importer
from podcast_kit.feed import parse_feed
from podcast_kit.source import notes
from podcast_kit.source.chapters import chapters_from_notes

FEED = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd">
<channel><title>Show</title><link>https://old.example/</link><language>en</language>
<item><title>One</title><guid isPermaLink="false">g-1</guid><pubDate>Mon, 02 Nov 2026 10:00:00 GMT</pubDate>
<enclosure url="https://old.example/1.mp3" length="1000" type="audio/mpeg"/>
<description>{notes}</description></item></channel></rss>
"""
NOTES_LINE = 6


def imported_notes(html):
    imported = importer.convert_feed(parse_feed(FEED.format(notes=escape(html)).encode(), "feed.xml"))
    problems = [
        (problem.location.line, problem.text) for problem in imported.problems if "the notes are" in problem.text
    ]
    return imported.episodes[0].notes, problems


def shown(markdown):
    return notes.render_notes(markdown, page_url="https://pod.example/x/").before


@pytest.mark.parametrize(
    ("html", "page"),
    [
        (
            "<p><strong>Host:</strong>Ann, and これは<strong>「太字」</strong>です。</p>",
            "<p><strong>Host</strong>:Ann, and これは「<strong>太字</strong>」です。</p>",
        ),
        (
            '<p><a href="https://a.example/my file.pdf">pdf</a> <a href="https://a.example/x)">x</a></p>',
            '<p><a href="https://a.example/my%20file.pdf">pdf</a> <a href="https://a.example/x)">x</a></p>',
        ),
        ("<center>one</center><font>two</font>", "<p>one</p>\n<p>two</p>"),
        ('<ol start="3"><li>a</li></ol>', '<ol start="3">\n<li>a</li>\n</ol>'),
    ],
)
def test_page_shows_bold_words_links_and_lists_of_the_old_notes(html, page):
    markdown, problems = imported_notes(html)
    assert shown(markdown).page_html.strip() == page
    assert problems == []


def test_title_of_a_chapter_has_no_dash():
    markdown, _ = imported_notes("<p>00:00 - Intro<br>01:20 - Topic</p>")
    chapters, _ = chapters_from_notes(markdown)
    assert [chapter.title for chapter in chapters] == ["Intro", "Topic"]


def test_what_notes_cannot_have_is_reported_at_the_line_of_the_feed():
    markdown, problems = imported_notes('<p>Watch:</p><iframe src="https://v.example/1"></iframe>')
    assert markdown == "Watch:"
    assert problems == [(NOTES_LINE, "the notes are imported without the <iframe> of 'https://v.example/1'")]
