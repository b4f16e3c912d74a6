"""The linear rules of Markdown recognize what the parser's own do."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.helpers import parseLinkDestination
from markdown_it.rules_inline import StateInline

from podcast_kit.limits import MAX_URL_LEN
from podcast_kit.source.notes import linear_rules
from podcast_kit.source.notes.markdown import parse_markdown

PIECES = (
    *(
        "[",
        "]",
        "![",
        "](",
        "[a]",
        "(",
        ")",
        "<",
        ">",
        "\\",
        "\\ ",
        " ",
        "\n",
        "a",
        "`",
        "*",
        "_",
        '"',
        "'",
        "https://",
        "http://a.b",
        "://",
    ),
    *(
        "[a]: b\n\n",
        "[a](b)",
        "![a](b)",
        "&amp;",
        "www.a.b",
        "x@y.de",
        "(b)",
        "/",
        ".",
        "-",
        "é",
        "\x7f",
        "<https://a.b>",
    ),
)
MARKDOWN = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)


def parsers():
    """The parser with its own rules, and with ours."""
    pair = []
    for uses_linear_rules in (False, True):
        parser = MarkdownIt("commonmark", {"html": False, "linkify": True, "maxNesting": 12})
        parser.enable(["table", "strikethrough", "linkify"])
        if uses_linear_rules:
            linear_rules.use_linear_rules(parser)
        pair.append(parser)
    return pair


PARSERS = parsers()


@settings(max_examples=300, deadline=None)
@given(MARKDOWN)
def test_every_text_has_the_tokens_that_the_parser_gives(markdown):
    theirs, ours = (parser.render(markdown) for parser in PARSERS)
    assert ours == theirs


@pytest.mark.parametrize(
    "markdown", ["![[[[]]]](a)", "[a [b](c) d](e)", "[[a](b)](c)", "[`]`](a)", "![![a](b)](c)", "[a]] [b](c)"]
)
def test_nested_brackets_have_the_tokens_that_the_parser_gives(markdown):
    theirs, ours = (parser.render(markdown) for parser in PARSERS)
    assert ours == theirs


@settings(max_examples=300, deadline=None)
@given(MARKDOWN)
def test_every_link_destination_is_read_as_by_the_parser(text):
    theirs, ours = parseLinkDestination(text, 0, len(text)), linear_rules.parse_link_destination(text, 0, len(text))
    assert (ours.ok, ours.pos, ours.str) == (theirs.ok, theirs.pos, theirs.str)


def links_of(markdown):
    return [
        child.attrs["href"]
        for token in parse_markdown(markdown)
        for child in token.children or ()
        if child.type == "link_open"
    ]


def test_a_bare_url_up_to_the_limit_is_a_link():
    url = "https://pod.example/" + "a" * (MAX_URL_LEN - 100)
    assert links_of(f"Listen: {url} now") == [url]
    assert links_of(f"Listen: {url}{'a' * 200} and https://pod.example/") == ["https://pod.example/"]


class CountingText(str):
    """A text that counts how many of its characters are looked at one by one."""

    __slots__ = ()
    looked_at = 0

    def __getitem__(self, index):
        if isinstance(index, int):
            type(self).looked_at += 1
        return super().__getitem__(index)


@pytest.mark.parametrize("piece", ["[", "![", "![a](", "[a][", "[]", "[[]"])
def test_brackets_are_walked_once(piece):
    def count_lookups(repeats):
        CountingText.looked_at = 0
        parser = PARSERS[1]
        tokens = []
        state = StateInline(CountingText(piece * repeats), parser, {}, tokens)
        parser.inline.tokenize(state)
        return CountingText.looked_at

    assert count_lookups(2_000) < 2.5 * count_lookups(1_000)
