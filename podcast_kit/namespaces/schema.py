"""The rows of the table of tags."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum

from podcast_kit.namespaces.value_types import ValueType

CHANNEL, ITEM, LIVE = "channel", "item", "podcast:liveItem"


class Need(IntEnum):
    """Whether a value may be left out."""

    MAY = 0
    SHOULD = 1
    MUST = 2


MAY, SHOULD, MUST = Need.MAY, Need.SHOULD, Need.MUST


@dataclass(frozen=True, slots=True)
class Field:
    """An attribute of a tag, or its text."""

    name: str
    """Of the attribute; empty for the text."""
    value_type: ValueType = ValueType.LINE
    need: Need = MAY
    max_len: int = 0
    """Characters; 0 for any number."""
    choices: tuple[str, ...] = ()
    """As they are written; compared without case."""
    default: str = ""
    """The value where podcast.yaml has none."""
    key: str = ""
    """In podcast.yaml; if empty, the attribute's name in snake_case."""
    example: str = ""
    """The value in examples, where the value type's own example does not fit."""
    allows_file: bool = False
    """podcast.yaml may have the path of a file in the show's folder instead of a URL; the build publishes the file."""
    optional_if: tuple[str, str] = ("", "")
    """Another attribute and its value that make this required field optional."""

    @property
    def yaml_key(self) -> str:
        """The key in podcast.yaml."""
        return self.key or re.sub(r"(?<=[a-z])(?=[A-Z])|-", "_", self.name).lower() or "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """An element that a feed can have."""

    name: str
    parents: tuple[str, ...]
    about: str = ""
    """What it is for, in words for podcasters."""
    is_repeatable: bool = False
    """Whether a parent may have more than one."""
    text: Field | None = None
    """None for an element without text."""
    attributes: tuple[Field, ...] = ()
    required_children: tuple[str, ...] = ()
    """Tags of which it must have at least one each."""
    either_child: tuple[str, ...] = ()
    """Tags of which it must have exactly one kind."""
    keys: tuple[str, ...] = ()
    """In podcast.yaml and front matter: the key, then its other names; empty for a tag that only the build writes."""
    builtin_in: tuple[str, ...] = ()
    """Parents whose own reader handles the key (title, guid, people, ...), so that this row is not used to read it."""
    scalar: str = ""
    """The attribute that a single value means, where it is neither the text nor the first required attribute."""
    has_derived_text: bool = False
    """Whether the text is the episode's number or season by default."""
    child_defaults: tuple[tuple[str, str], ...] = ()
    """Default attributes of its children."""
    replaced_by: str = ""
    """What to use instead, for a deprecated tag."""

    @property
    def fields(self) -> tuple[Field, ...]:
        """The text, if it has any, and the attributes."""
        return (self.text, *self.attributes) if self.text else self.attributes

    def field(self, name: str) -> Field | None:
        """The attribute of that name."""
        return next((field for field in self.attributes if field.name == name), None)


def text_field(
    key: str,
    need: Need = MUST,
    max_len: int = 0,
    value_type: ValueType = ValueType.LINE,
    choices: tuple[str, ...] = (),
    default: str = "",
    example: str = "",
) -> Field:
    """The text of an element, as a Field."""
    return Field("", value_type, need, max_len, choices, default, key=key, example=example)


URL_FIELD = Field("url", ValueType.URL, MUST)
FEED_PARENTS = (CHANNEL, ITEM, LIVE)
BUILTIN_PARENTS = (CHANNEL, ITEM)
