"""The text that welcomes a subscriber: what to do with the address of the private feed, and a QR code of it."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from pathlib import Path

from podcast_kit.model import Show
from podcast_kit.site.i18n import load_translations

QUIET_ZONE = 2
"""Modules around the code on a terminal."""
_TERMINAL_COLORS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """What to send to a subscriber; it has the address, so it is shown to no one else."""

    text: str = field(repr=False)
    svg: str = field(repr=False)
    """The QR code as a picture."""
    terminal_code: str = field(repr=False)
    """The QR code in block characters."""


def render_welcome(show: Show, folder: Path, name: str, url: str) -> Welcome:
    """Render the welcome text in the show's language; its strings can be replaced as all others."""
    import segno

    words = load_translations(show.language, show.timezone, folder)
    lines = [
        words("welcome_hello", name=name),
        words("welcome_feed", show=show.title),
        url,
        words("welcome_how"),
        words("welcome_private"),
        words("welcome_code"),
    ]
    code = segno.make(url, error="m", micro=False)
    svg, terminal = io.BytesIO(), io.StringIO()
    code.save(svg, kind="svg", dark="#000", light="#fff", border=4, xmldecl=False, scale=8)
    code.terminal(terminal, border=QUIET_ZONE, compact=True)
    return Welcome(
        text="\n\n".join(lines) + "\n",
        svg=svg.getvalue().decode(),
        terminal_code=_TERMINAL_COLORS.sub("", terminal.getvalue()),
    )
