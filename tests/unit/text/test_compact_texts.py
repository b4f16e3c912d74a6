"""Long texts take no more memory than their UTF-8, and nobody notices."""

import pickle
from dataclasses import dataclass, fields, replace

import pytest

from podcast_kit.text.compact_texts import keep_texts_compact


@dataclass(frozen=True, slots=True)
class Page:
    title: str
    text: str = ""
    excerpt: str = ""


keep_texts_compact(Page, "text", "excerpt")

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
