"""Long texts take no more memory than their UTF-8, and nobody notices."""

import pickle
from dataclasses import dataclass, fields, replace

import pytest

from podcast_kit.text.compact_texts import forget_recent_texts, keep_packed, keep_texts_compact, move_texts


@pytest.fixture(autouse=True)
def nothing_recent():
    """What other tests have read or written is forgotten."""
    forget_recent_texts()


@dataclass(frozen=True, slots=True)
class Page:
    title: str
    text: str = ""
    excerpt: str = ""


keep_texts_compact(Page, "text", "excerpt")


@dataclass(frozen=True, slots=True)
class Talk:
    title: str
    words: tuple[str, ...] = ()


keep_packed(Talk, "words", " ".join, lambda text: tuple(text.split()))

TEXTS = ("", "plain", "naïve", "a – b", "🎙️", "\ud800", "nul\0")


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_read_as_it_was_written(text):
    page = Page("About", text)
    assert page.text == text
    assert page == Page("About", text)
    assert page != Page("About", f"{text}!")
    assert hash(page) == hash(Page("About", text))
    assert repr(page) == f"{Page.__qualname__}(title='About', text={text!r}, excerpt='')"
    assert replace(page, title="Us").text == text
    assert [getattr(page, field.name) for field in fields(page)] == ["About", text, ""]


@pytest.mark.parametrize("text", [text for text in TEXTS if text != "\ud800"])
def test_a_copy_has_the_same_text(text):
    page = Page("About", text)
    assert pickle.loads(pickle.dumps(page)) == page


def test_a_text_takes_the_memory_of_its_utf_8():
    page = Page("About", "a" * 1000 + "–")
    assert len(Page.text.slot.__get__(page)) == 1003


def test_equal_texts_are_in_memory_once_after_pickling_too():
    for page in (Page("About", "a – b", "a – b"), pickle.loads(pickle.dumps(Page("Us", "c – d", "c – d")))):
        assert page.excerpt is page.text
        assert Page.excerpt.slot.__get__(page) is Page.text.slot.__get__(page)


class Shelf:
    """Keeps texts in a list."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def add_text(self, text):
        self.texts.append(text if isinstance(text, str) else text.decode("utf-8", "surrogatepass"))
        return ShelfPlace(self, len(self.texts) - 1)


@dataclass(frozen=True, eq=False)
class ShelfPlace:
    shelf: Shelf
    number: int

    def read(self) -> str:
        return self.shelf.texts[self.number]


@pytest.mark.parametrize("text", [text * 100 for text in TEXTS[1:]])
def test_a_moved_text_is_read_as_before(text):
    page, shelf = Page("About", text), Shelf()
    move_texts([page], shelf)
    assert shelf.texts == [text]
    assert page == Page("About", text)
    assert page.text == text
    assert [getattr(page, field.name) for field in fields(page)] == ["About", text, ""]


def test_copies_of_a_value_leave_moved_texts_where_they_are():
    page, shelf = Page("About", "a – b" * 100, "plain" * 100), Shelf()
    move_texts([page], shelf)
    copy = replace(page, title="Us")
    move_texts([copy], shelf)
    assert len(shelf.texts) == 2
    assert (copy.text, copy.excerpt) == (page.text, page.excerpt)
    assert Page.text.slot.__get__(copy) is Page.text.slot.__get__(page)
    assert Page.excerpt.slot.__get__(copy) is Page.excerpt.slot.__get__(page)


def test_equal_texts_are_moved_once():
    page, shelf = Page("About", "c – d" * 100, "c – d" * 100), Shelf()
    move_texts([page], shelf)
    assert len(shelf.texts) == 1


def test_short_texts_are_not_moved():
    page, shelf = Page("About", "a – b", "plain"), Shelf()
    move_texts([page], shelf)
    assert shelf.texts == []


def test_a_pickle_has_the_text_that_was_moved():
    page, shelf = Page("About", "e – f" * 100), Shelf()
    move_texts([page], shelf)
    assert pickle.loads(pickle.dumps(page)).text == "e – f" * 100


@pytest.mark.parametrize("words", [(), ("plain",), ("naïve", "🎙️"), ("a", "\ud800") * 100])
def test_a_packed_value_is_read_as_it_was_written(words):
    talk, shelf = Talk("About", words), Shelf()
    for _ in range(2):
        assert talk.words == words
        assert talk == Talk("About", tuple(words))
        assert replace(talk, title="Us").words == words
        move_texts([talk], shelf)
    assert len(shelf.texts) == (len(words) > 100)


def test_a_packed_value_that_several_have_is_packed_and_moved_once():
    words = ("one", "two") * 100
    talks, shelf = [Talk("Mon", words), Talk("Tue", words)], Shelf()
    assert Talk.words.slot.__get__(talks[0]) is Talk.words.slot.__get__(talks[1])
    move_texts(talks, shelf)
    assert shelf.texts == [" ".join(words)]
    assert Talk.words.get_kept(talks[0]) is Talk.words.get_kept(talks[1])
    assert talks[0].words is talks[1].words
