"""What a row of the table says of a tag: where it stands, how often, and what it holds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum

from podcast_kit.namespaces.value_types import Kind

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
    kind: Kind = Kind.LINE
    need: Need = MAY
    limit: int = 0
    """Characters; 0 is no limit."""
    choices: tuple[str, ...] = ()
    """As they are written; they are compared without case."""
    written: str = ""
    """What is written when the podcaster does not say."""
    key: str = ""
    """In podcast.yaml; the attribute's name in snake_case when empty."""
    sample: str = ""
    """What an example shows, where the kind does not say it."""
    file: bool = False
    """podcast.yaml may name a file of the show's folder instead of an address; the build publishes it."""
    unless: tuple[str, str] = ("", "")
    """An attribute and the value with which this one may be missing though it must be there otherwise."""

    @property
    def yaml(self) -> str:
        """The key under which podcast.yaml says it."""
        return self.key or re.sub(r"(?<=[a-z])(?=[A-Z])|-", "_", self.name).lower() or "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """A row: an element that a feed can carry."""

    name: str
    parents: tuple[str, ...]
    about: str = ""
    """What it is for, said to the podcaster who may write it."""
    many: bool = False
    """More than one in the same parent."""
    text: Field | None = None
    """None for an element that has no text of its own."""
    attributes: tuple[Field, ...] = ()
    needs: tuple[str, ...] = ()
    """Children of which there must be at least one each."""
    either: tuple[str, ...] = ()
    """Children of exactly one of which there must be some."""
    keys: tuple[str, ...] = ()
    """In podcast.yaml and the front matter: the key, then its other names; none where a podcaster never writes it."""
    own: tuple[str, ...] = ()
    """Parents for which the value is read or derived elsewhere (title, guid, people, ...), not taken by its row."""
    scalar: str = ""
    """The attribute that a lone value stands for, where it is neither the text nor the first that must be."""
    filled: bool = False
    """The text is the episode's own number or season where the podcaster leaves it out."""
    child_written: tuple[tuple[str, str], ...] = ()
    """Attributes that children get when the podcaster does not say."""
    instead: str = ""
    """What to write today, for a tag that is deprecated."""

    @property
    def fields(self) -> tuple[Field, ...]:
        """The text, if it has one, and the attributes."""
        return (self.text, *self.attributes) if self.text else self.attributes

    def field(self, name: str) -> Field | None:
        """The attribute of that name."""
        return next((field for field in self.attributes if field.name == name), None)


def text(key: str, need: Need = MUST, limit: int = 0, kind: Kind = Kind.LINE, **rest: tuple[str, ...] | str) -> Field:
    """The text of an element; `rest` is `choices` or `written`."""
    return Field("", kind, need, limit, key=key, **rest)  # type: ignore[arg-type]


URL = Field("url", Kind.URL, MUST)
FILE = Field("url", Kind.URL, MUST, file=True)
FEED = (CHANNEL, ITEM, LIVE)
DERIVED = (CHANNEL, ITEM)
