"""The inline parser gives the tokens of markdown-it's, and tries fewer rules."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from podcast_kit.source.notes.inline_parser import FIRST_CHARACTERS, InlineParser
from tests.unit.source.notes.test_linear_rules import PIECES

MARKDOWN = st.lists(
    st.sampled_from((*PIECES, "~~", "**", "&#35;", "<b>", "\\\n", "  \n", "#", "@", "{")), max_size=14
).map("".join)


def parsers(*, html):
    """The parser as it is, and with our inline part."""
    pair = [MarkdownIt("commonmark", {"html": html, "linkify": True, "maxNesting": 3}) for _ in range(2)]
    for parser in pair:
        parser.enable(["table", "strikethrough", "linkify"])
    pair[1].inline = InlineParser(pair[1].inline)
    return pair


PARSERS = [*parsers(html=False), *parsers(html=True)]


@settings(max_examples=300, deadline=None)
@given(MARKDOWN)
def test_every_text_has_the_tokens_that_the_parser_gives(markdown):
    theirs, ours, theirs_html, ours_html = (parser.parse(markdown) for parser in PARSERS)
    assert ours == theirs
    assert ours_html == theirs_html


def test_each_rule_of_the_parser_has_its_first_characters():
    assert set(PARSERS[0].inline.ruler.get_all_rules()) - {"text"} <= set(FIRST_CHARACTERS)


@pytest.mark.parametrize("name", ["at_sign", "link"])
def test_rule_that_is_added_is_tried(name):
    def at_sign(state, silent):
        if state.src[state.pos] != "@":
            return False
        if not silent:
            state.push("text", "", 0).content = "at"
        state.pos += 1
        return True

    theirs, ours = parsers(html=False)
    for parser in (theirs, ours):
        if name == "link":
            parser.inline.ruler.disable("link")
        parser.inline.ruler.before("link", "at_sign", at_sign)
    assert ours.render("a [b @ c](d) @") == theirs.render("a [b @ c](d) @")


def test_rules_are_tried_only_where_they_can_begin():
    calls = []

    def emphasis(state, _silent):
        calls.append(state.src[state.pos])
        return False

    _, ours = parsers(html=False)
    ours.inline.ruler.at("emphasis", emphasis)
    ours.render("a *b* [c](d) `e` <f> _g_")
    assert set(calls) == {"*", "_"}
