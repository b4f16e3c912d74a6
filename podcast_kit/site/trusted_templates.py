"""The default templates without a sandbox: they are this program's own, and only their values can be a stranger's.

Values are escaped as in the sandbox, and what is read from a show is bounded, so a page takes time and characters in
proportion to it. Rendering takes about half as long as in the sandbox.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import BaseLoader, Environment

from podcast_kit.limits import MAX_TEMPLATE_OUTPUT_CHARS
from podcast_kit.site.sandbox import TemplateLimitExceeded

_REFERENCE = re.compile(r"""\{%[-+]?\s*(?:extends|import|include|from)\s+["']([^"']+)["']""")


class TrustedTemplates(Environment):
    """A Jinja environment for templates that are all ours."""

    @cache  # noqa: B019  # as long as the environment, of which there are few
    def names_used_by(self, name: str) -> frozenset[str]:
        """The template itself, and those that it extends, imports and includes, whatever is between them."""
        assert isinstance(self.loader, BaseLoader)  # noqa: S101  # its home gives it one
        text, _, _ = self.loader.get_source(self, name)
        names = [self.names_used_by(other) for other in _REFERENCE.findall(text)]
        return frozenset([name]).union(*names)

    def render_bounded(self, name: str, values: Mapping[str, Any]) -> str:
        """Render a template. Raises TemplateLimitExceeded if the page is too long."""
        text = self.get_template(name).render(values)
        if len(text) > MAX_TEMPLATE_OUTPUT_CHARS:
            raise TemplateLimitExceeded(f"writes more than {MAX_TEMPLATE_OUTPUT_CHARS:,} characters")
        return text
