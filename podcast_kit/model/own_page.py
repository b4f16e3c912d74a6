"""A page of the podcaster's own, such as an imprint, as its file describes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from podcast_kit.errors import SourceLocation
from podcast_kit.model.lineage import SourceText
from podcast_kit.model.resources import LocalFile

DEFAULT_PAGE_TEMPLATE = "page.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPage:
    """A file in `pages/`."""

    slug: str
    path: str
    """Of its file, relative to the show's folder."""
    title: str
    text: str
    """Markdown."""
    text_line: int = 1
    """The line of the file on which the text begins."""
    description: str = ""
    image: LocalFile | None = None
    """For previews of links; by default the show's artwork with the title."""
    menu: str = ""
    """The label in the menu; empty if it is not there."""
    order: int | None = None
    """Pages with a lower number come first in the menu; those without one come last."""
    prompts: str = ""
    """The set of prompts that is shown at the end, or at `{{ prompts }}`; empty for none."""
    template: str = DEFAULT_PAGE_TEMPLATE
    draft: bool = False
    aliases: tuple[str, ...] = ()
    """Keys of pages that redirect to it."""
    ignore: Mapping[str, str] = field(default_factory=dict)
    """Codes of rules that are ignored for it, each with its reason."""
    locations: Mapping[str, SourceLocation] = field(default_factory=dict, compare=False, repr=False)
    source: SourceText = field(default=SourceText(), compare=False, repr=False)

    @property
    def key(self) -> str:
        """The key under which it is published."""
        return f"{self.slug}/index.html"

    def location_of(self, key: str = "") -> SourceLocation:
        """Where a key of the front matter is; the start of the file if it is not there."""
        return self.locations.get(key) or SourceLocation(self.path, 1)
