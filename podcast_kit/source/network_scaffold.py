"""Writes a new shows.yaml, and the podcast.yaml of a new show of a network, which leaves out what it inherits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from podcast_kit.source.scaffold import yaml_scalar

DEFAULT_PATTERN = "shows/*"
"""The folders of the shows of a new network."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewNetwork:
    """The values for a new shows.yaml."""

    title: str
    description: str
    author: str
    email: str
    language: str
    timezone: str
    category: str
    explicit: bool
    url: str
    to: str
    guid: str
    store_settings: Mapping[str, str]
    """`endpoint`, `account` and `region`; empty ones are left out."""

    def render(self) -> str:
        """A new shows.yaml with comments."""
        settings = "".join(f", {key}: {yaml_scalar(value)}" for key, value in self.store_settings.items() if value)
        show_target = f"{self.to.rstrip('/')}/{{name}}"
        lines = [
            "# The network's own page: all shows, and a feed that names them. Lines that begin with # are comments.",
            f"title: {yaml_scalar(self.title)}",
            f"description: {yaml_scalar(self.description)}",
            f"guid: {self.guid}  # the network's permanent id: do not change",
            "# artwork: cover.jpg",
            f"publish: {{url: {yaml_scalar(self.url)}, to: {yaml_scalar(self.to)}{settings}}}",
            "# podroll: siblings  # each show recommends the others",
            "",
            "# The folders of the shows; create one with `podcast-kit init shows/NAME`.",
            "shows:",
            f'  - "{DEFAULT_PATTERN}"',
            "",
            "# What every show inherits, unless its own podcast.yaml says otherwise.",
            "defaults:",
            f"  author: {yaml_scalar(self.author)}",
            f"  language: {yaml_scalar(self.language)}",
            f"  timezone: {yaml_scalar(self.timezone)}",
            f"  owner: {{name: {yaml_scalar(self.author)}, email: {yaml_scalar(self.email)}}}",
            f"  categories: [{yaml_scalar(self.category)}]",
            f"  explicit: {'true' if self.explicit else 'false'}",
            "  publish:",
            f'    url: "{self.url}{{name}}/"',
            f'    to: "{show_target}"',
            *(f"    {key}: {yaml_scalar(value)}" for key, value in self.store_settings.items() if value),
        ]
        return "\n".join(lines) + "\n"


def render_member_file(title: str, description: str, guid: str, artwork: str, more: Sequence[tuple[str, str]]) -> str:
    """The podcast.yaml of a new show of a network; `more` has the keys that differ from what it inherits."""
    lines = [
        "# What is not here comes from `defaults:` in the network's shows.yaml.",
        f"title: {yaml_scalar(title)}",
        f"description: {yaml_scalar(description)}",
        f"guid: {guid}  # the show's permanent id: do not change",
        f"artwork: {yaml_scalar(artwork)}",
        *(f"{key}: {value}" for key, value in more),
    ]
    return "\n".join(lines) + "\n"
