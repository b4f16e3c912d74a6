import doctest
from xml.etree import ElementTree as ET
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podcast_kit.text import xml_clean


def test_examples_in_docstrings_hold():
    assert doctest.testmod(xml_clean).failed == 0


@given(st.text(st.characters(exclude_categories=[])))
def test_every_cleaned_text_is_read_back_from_xml(text):
    clean = xml_clean.clean_xml_text(text)
    element = ET.Element("a")
    element.text = clean
    read = ET.fromstring(ET.tostring(element, "unicode")).text or ""
    assert read == clean.replace("\r\n", "\n").replace("\r", "\n") or "\r" in clean


@pytest.mark.parametrize("value", ["plain", 'a "b"', "it's", "both ' and \"", "<a & b>", "line\nnext\r\tend", ""])
def test_attributes_are_quoted_as_by_the_standard_library(value):
    assert xml_clean.quote_attribute(value) == quoteattr(value)
