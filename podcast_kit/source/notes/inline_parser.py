"""The inline part of the Markdown parser, which tries at each character only the rules that can begin with it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from markdown_it.parser_inline import ParserInline

if TYPE_CHECKING:
    from collections.abc import Mapping

    from markdown_it.parser_inline import RuleFuncInlineType
    from markdown_it.rules_inline import StateInline

FIRST_CHARACTERS = {
    "autolink": "<",
    "backticks": "`",
    "emphasis": "*_",
    "entity": "&",
    "escape": "\\",
    "footnote_reference": "[",
    "html_inline": "<",
    "image": "!",
    "link": "[",
    "linkify": ":",
    "newline": "\n",
    "plain_link": "[",
    "strikethrough": "~",
}
"""By the name of a rule: the characters that it can begin with. A rule that is not named here is tried at each."""
TEXT_RULE = "text"
"""Takes all characters up to the next that ends plain text, and so none at one of those."""


class InlineParser(ParserInline):
    """As markdown-it's, with the same tokens: most of the time went into rules that looked at one character and left.

    `parser` is the one that it takes the place of: its rules are kept, also those that are enabled or added later,
    until the first text is parsed.
    """

    def __init__(self, parser: ParserInline) -> None:
        super().__init__()
        self.ruler, self.ruler2 = parser.ruler, parser.ruler2
        self.terminator_re = parser.terminator_re

    @cached_property
    def _rules_by_character(self) -> Mapping[str, tuple[RuleFuncInlineType, ...]]:
        """The rules at each character that one of them begins with, in their order."""
        rules = list(zip(self.ruler.get_active_rules(), self.ruler.getRules(""), strict=True))
        return {
            character: tuple(
                rule
                for name, rule in rules
                if character in FIRST_CHARACTERS.get(name, character)
                and not (name == TEXT_RULE and self.terminator_re.match(character))
            )
            for character in "".join(FIRST_CHARACTERS.values())
        }

    @cached_property
    def _other_rules(self) -> tuple[RuleFuncInlineType, ...]:
        """The rules at all other characters."""
        rules = zip(self.ruler.get_active_rules(), self.ruler.getRules(""), strict=True)
        return tuple(rule for name, rule in rules if name not in FIRST_CHARACTERS)

    def tokenize(self, state: StateInline) -> None:
        """Add the tokens from the state's position to its end."""
        by_character, other_rules = self._rules_by_character, self._other_rules
        source, end, max_nesting = state.src, state.posMax, state.md.options["maxNesting"]
        while state.pos < end:
            character = source[state.pos]
            if state.level < max_nesting:
                for rule in by_character.get(character, other_rules):
                    if rule(state, False):
                        break
                else:
                    state.append_pending(character)
                    state.pos += 1
            else:
                state.append_pending(character)
                state.pos += 1
        if state.pending:
            state.pushPending()

    def skipToken(self, state: StateInline) -> None:  # noqa: N802 -- markdown-it calls it so
        """Move the state's position behind the next token, without adding it."""
        position = state.pos
        known = state.cache.get(position)
        if known is not None:
            state.pos = known
            return
        is_found = False
        if state.level < state.md.options["maxNesting"]:
            state.level += 1
            for rule in self._rules_by_character.get(state.src[position], self._other_rules):
                is_found = rule(state, True)
                if is_found:
                    break
            state.level -= 1
        else:
            state.pos = state.posMax
        if not is_found:
            state.pos += 1
        state.cache[position] = state.pos
