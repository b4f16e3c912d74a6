"""Indented JSON is byte for byte as the standard library's, without reference cycles."""

import gc
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podcast_kit.text.indented_json import render_json

TEXTS = st.text() | st.sampled_from(['"', "\\", "\n", "\x00", "\u2028", "naïve 🎙️"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda children: st.lists(children) | st.dictionaries(TEXTS, children),
    max_leaves=20,
)


@settings(max_examples=50)
@given(VALUES, st.integers(1, 2))
def test_any_value_is_as_by_json(value, indent):
    expected = json.dumps(value, ensure_ascii=False, indent=indent)
    assert render_json(value, indent) == expected
    assert render_json(value, indent, "\n    ") == expected.replace("\n", "\n    ")


def test_rendering_leaves_nothing_in_memory():
    gc.collect()
    render_json({"chapters": [{"start": 1.5, "title": "Opening"}]}, 2)
    assert gc.collect() == 0


def test_what_json_cannot_hold_is_refused():
    with pytest.raises(TypeError, match="not JSON serializable"):
        render_json({"a set": {1}}, 2)
