"""Footnotes in show notes: `word[^1]`, and a line with its text, `[^1]: The note.`.

A reference becomes its number in brackets, and the notes end with a paragraph for each footnote: podcast apps show
neither superscripts nor links within the notes.
"""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

_LABEL = r"\[\^(?P<label>[^\[\]\s^]{1,80})\]"
FOOTNOTE_DEFINITION = re.compile(rf" {{0,3}}{_LABEL}:[ \t]*(?P<text>.*)")
FOOTNOTE_REFERENCE = re.compile(_LABEL)
_TEXTS, _ORDER = "footnotes", "footnote_order"


def add_footnote_rules(parser: MarkdownIt) -> None:
    """Teach a parser to read footnotes; `append_footnotes` writes them."""
    parser.block.ruler.before("reference", "footnote", _footnote_rule, {"alt": ["paragraph"]})
    parser.inline.ruler.before("link", "footnote_reference", _footnote_reference_rule)


def append_footnotes(parser: MarkdownIt, tokens: list[Token], env: MutableMapping[str, Any]) -> None:
    """Add a paragraph for each footnote to the end of the tokens, in the order of the references."""
    texts: dict[str, tuple[str, int]] = env.get(_TEXTS, {})
    order: list[str] = env.setdefault(_ORDER, [])
    number = 0
    while number < len(texts):
        if number == len(order):  # those that nothing refers to: what was written never vanishes
            order += [label for label in texts if label not in order]
        text, line = texts[order[number]]
        number += 1
        for token in parser.parse(text, env):
            if token.type == "inline" and token.children is not None:
                token.map = [line, line + 1]
                token.children.insert(0, _text_token(f"[{number}] "))
            tokens.append(token)


def _text_token(content: str) -> Token:
    from markdown_it.token import Token

    return Token("text", "", 0, content=content)


def _footnote_rule(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """`[^1]: The note.` and the lines that follow it, up to a blank one."""
    if state.level or state.is_code_block(start):
        return False
    match = FOOTNOTE_DEFINITION.fullmatch(state.src, state.bMarks[start], state.eMarks[start])
    if not match:
        return False
    if silent:
        return True
    lines, line = [match["text"]], start + 1
    while line < end and not state.isEmpty(line) and not _is_definition(state, line):
        lines.append(state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]])
        line += 1
    state.env.setdefault(_TEXTS, {}).setdefault(match["label"].casefold(), (" ".join(lines).strip(), start))
    state.line = line
    return True


def _is_definition(state: StateBlock, line: int) -> bool:
    return bool(FOOTNOTE_DEFINITION.fullmatch(state.src, state.bMarks[line], state.eMarks[line]))


def _footnote_reference_rule(state: StateInline, silent: bool) -> bool:
    """`[^1]`, if there is such a footnote."""
    match = FOOTNOTE_REFERENCE.match(state.src, state.pos, state.posMax)
    label = match["label"].casefold() if match else ""
    if not match or label not in state.env.get(_TEXTS, {}):
        return False
    if not silent:
        order: list[str] = state.env.setdefault(_ORDER, [])
        if label not in order:
            order.append(label)
        state.push("text", "", 0).content = f"[{order.index(label) + 1}]"
    state.pos = match.end()
    return True
