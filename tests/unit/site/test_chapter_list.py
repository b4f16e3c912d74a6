"""The chapters are on an episode's page once: in place of the notes' list, or below the notes."""

import pytest

from podcast_kit.model import Chapter, RemoteUrl
from podcast_kit.site.chapter_list import place_chapters
from podcast_kit.source import notes

URL = "https://pod.example/episodes/001/index.html"
OPENING, MIDDLE, CLOSE = CHAPTERS = (
    Chapter(start_ms=0, title="Opening"),
    Chapter(start_ms=12_000, title="Questions & answers"),
    Chapter(start_ms=3_632_500, title="Close"),
)
LINES = "00:00 Opening\n00:12 Questions & answers\n1:00:32.5 Close\n"


def page_of(text):
    return notes.render_notes(text, page_url=URL, images={}).before.page_html


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(LINES, id="lines"),
        pytest.param(LINES.replace("\n", "\n\n"), id="blank lines between"),
        pytest.param("".join(f"- {line}\n" for line in LINES.splitlines()), id="bullets"),
        pytest.param(LINES.replace("Opening", "– **Opening**"), id="dash and bold"),
        pytest.param("[00:00] Opening\n[00:12] Questions & answers\n[1:00:32.5] Close\n", id="brackets"),
    ],
)
def test_a_list_in_the_notes_is_replaced_where_it_is(text):
    placement = place_chapters(page_of(f"Before.\n\n{text}\n\nAfter.\n"), CHAPTERS)
    assert (placement.inside, placement.below) == (CHAPTERS, ())
    assert placement.before.strip() == "<p>Before.</p>"
    assert placement.after.strip() == "<p>After.</p>"


def test_chapters_that_the_notes_do_not_have_are_below_the_notes():
    page = page_of("Only text.\n")
    placement = place_chapters(page, CHAPTERS)
    assert (placement.before, placement.after, placement.inside, placement.below) == (page, "", (), CHAPTERS)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(LINES.replace("Opening", "Opening, with a word more"), id="a longer title"),
        pytest.param(LINES.replace("Opening", "[Opening](https://other.example/)"), id="a link that no chapter has"),
        pytest.param("## 00:00 Opening\n\nText.\n\n## 00:12 Questions\n\nText.\n\n## 1:00:32.5 Close\n", id="headings"),
    ],
)
def test_notes_that_say_more_than_the_list_are_left_as_they_are(text):
    page = page_of(f"Before.\n\n{text}")
    placement = place_chapters(page, CHAPTERS)
    assert (placement.before, placement.inside, placement.below) == (page, (), ())


def test_a_link_of_a_chapter_moves_into_its_list():
    linked = (Chapter(start_ms=0, title="Opening", url="https://other.example/"), MIDDLE, CLOSE)
    page = page_of(LINES.replace("Opening", "[Opening](https://other.example/)"))
    assert place_chapters(page, linked).inside == linked


def test_chapter_images_are_shown_even_if_the_notes_name_every_time():
    chapters = (Chapter(start_ms=0, title="A start", image=RemoteUrl("https://pod.example/a.jpg")), MIDDLE, CLOSE)
    placement = place_chapters(page_of(LINES), chapters)
    assert (placement.inside, placement.below) == ((), chapters)


def test_chapters_that_only_change_the_image_are_not_listed():
    hidden = Chapter(start_ms=5000, title="A picture", toc=False)
    assert place_chapters("<p>Text.</p>", (hidden,)).below == ()
    assert place_chapters(page_of(LINES), (OPENING, hidden, MIDDLE, CLOSE)).inside == CHAPTERS
