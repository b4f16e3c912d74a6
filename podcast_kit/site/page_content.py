"""What a template turns into a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from podcast_kit.model import CommentThread


@dataclass(slots=True)
class PageContent:
    """A page before it is rendered. Not frozen: there are thousands."""

    key: str
    template: str
    values: Mapping[str, Any]
    late_values: Callable[[], Mapping[str, Any]] = dict
    """Values that follow from `values` and `comments`: only computed for rendering."""
    comments: Sequence[CommentThread] = ()
