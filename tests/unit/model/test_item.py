"""An episode as it is published."""

import pickle
from dataclasses import replace

from tests.support.feed_factories import make_item


def long_text(words=8):
    return f"<p>{'Notes ' * words}</p>"


def test_a_description_that_is_the_content_is_in_memory_once():
    item = make_item(description=long_text(), content=long_text())
    assert item.description is item.content
    assert replace(item, summary="Another").description is item.content
    copied = pickle.loads(pickle.dumps(item))
    assert copied == item
    assert copied.description is copied.content


def test_a_shortened_description_stays_apart():
    item = make_item(description="<p>Notes</p>", content=long_text())
    assert (item.description, item.content) == ("<p>Notes</p>", long_text())
