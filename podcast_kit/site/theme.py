"""How the pages look: the theme of podcast.yaml made into colours that can be read, a font and a logo."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path

from podcast_kit.errors import InvalidInput, SourceLocation, Problem
from podcast_kit.model import Image, Show
from podcast_kit.site import svg

BLUE = "#0f62a8"
READABLE = 4.5
"""Contrast that WCAG 2.2 AA asks of text (1.4.3)."""
FONT_BYTES = 2_000_000
LOGO_BYTES = 500_000
LOGOS = (".svg", ".png", ".jpg", ".jpeg", ".webp")

Rgb = tuple[float, float, float]
WHITE: Rgb = (1, 1, 1)
BLACK: Rgb = (0, 0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """The colours of one scheme, as CSS writes them."""

    accent: str
    """Of links and of what is current."""
    fill: str
    """Of buttons: the show's own colour as it is."""
    on_fill: str
    ground: str
    raised: str
    tint: str
    ink: str
    soft: str
    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What the style sheet is made with."""

    light: Scheme
    dark: Scheme
    font: str = ""
    """CSS font families; empty for the system's own."""
    font_file: str = ""
    """Key of a .woff2 file that the page brings along."""
    logo: str = ""
    """Key of the logo."""
    files: dict[str, bytes] = field(default_factory=dict, repr=False)
    """What the look brings along, by key."""


def look(show: Show, folder: Path, artwork: Image | None) -> Look:
    """The look of a show; without a colour in podcast.yaml the cover's own is taken.

    Raises InvalidInput where a colour, font or logo of `theme:` cannot be used, or the logo would run a script.
    """
    theme, problems = show.theme, list[Problem]()
    places = theme.locations

    def fault(key: str, text: str, hint: str) -> None:
        place = places.get(key) or show.locations.get("theme") or SourceLocation("podcast.yaml")
        problems.append(Problem(place, f"theme: {text}", hint, f"theme.{key}"))

    files: dict[str, bytes] = {}
    base = _rgb(theme.colour or (artwork.colour if artwork else "") or BLUE)
    if base is None:
        fault("colour", f"{theme.colour!r} is no colour", "write it as '#0f62a8', in quotes")
    font, font_key = theme.font, ""
    if font.lower().endswith(".woff2"):
        font, font_key = "Show", _bring(folder, font, FONT_BYTES, files)
        if not font_key:
            fault("font", f"{theme.font!r} is not there, or too large", "a .woff2 file inside the show's folder")
    elif not re.fullmatch(r"[\w ,'\"-]*", font) or font.count('"') % 2 or font.count("'") % 2:
        fault("font", f"{font!r} is no list of fonts", "write it as 'Georgia, serif', or name a .woff2 file")
    logo = ""
    if theme.logo:
        logo = _bring(folder, theme.logo, LOGO_BYTES, files) if theme.logo.lower().endswith(LOGOS) else ""
        if not logo:
            fault("logo", f"{theme.logo!r} cannot be used", f"one of {', '.join(LOGOS)} inside the show's folder")
        elif logo.endswith(".svg"):
            problems += svg.faults(files[logo], theme.logo)
    if problems or base is None:
        raise InvalidInput(problems)
    return Look(light=light(base), dark=dark(base), font=font, font_file=font_key, logo=logo, files=files)


def light(base: Rgb) -> Scheme:
    """The light scheme around a colour."""
    ground, tint = _mixed(WHITE, base, 0.02), _mixed(WHITE, base, 0.08)
    return Scheme(
        accent=_hex(_readable(base, (ground, WHITE, tint), BLACK)),
        fill=_hex(base),
        on_fill=_hex(_on(base)),
        ground=_hex(ground),
        raised=_hex(WHITE),
        tint=_hex(tint),
        ink=_hex(_mixed((0.1, 0.1, 0.1), base, 0.05)),
        soft=_hex(_readable((0.36, 0.35, 0.34), (ground, tint), BLACK)),
        line=_hex(_mixed((0.84, 0.83, 0.82), base, 0.06)),
    )


def dark(base: Rgb) -> Scheme:
    """The dark scheme around a colour."""
    ground, tint = _mixed((0.07, 0.07, 0.075), base, 0.02), _mixed((0.1, 0.1, 0.105), base, 0.14)
    raised = _mixed((0.11, 0.11, 0.115), base, 0.02)
    return Scheme(
        accent=_hex(_readable(base, (ground, raised, tint), WHITE)),
        fill=_hex(base),
        on_fill=_hex(_on(base)),
        ground=_hex(ground),
        raised=_hex(raised),
        tint=_hex(tint),
        ink=_hex((0.925, 0.92, 0.915)),
        soft=_hex(_readable((0.68, 0.67, 0.66), (ground, raised, tint), WHITE)),
        line=_hex(_mixed((0.22, 0.22, 0.22), base, 0.06)),
    )


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, 1 to 21 (WCAG 2.2, relative luminance)."""
    return _contrast(_rgb(one) or BLACK, _rgb(other) or BLACK)


def _contrast(one: Rgb, other: Rgb) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: Rgb) -> float:
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour]  # noqa: PLR2004
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _readable(colour: Rgb, grounds: tuple[Rgb, ...], towards: Rgb) -> Rgb:
    """The colour, moved by as little as makes it readable on every ground."""
    for step in range(101):
        moved = _mixed(colour, towards, step / 100)
        if all(_contrast(_rounded(moved), _rounded(ground)) >= READABLE for ground in grounds):
            return moved
    return towards


def _on(colour: Rgb) -> Rgb:
    """Black or white, whichever is read better; one of them always is."""
    return max((BLACK, WHITE), key=lambda ink: _contrast(ink, colour))


def _mixed(one: Rgb, other: Rgb, share: float) -> Rgb:
    red, green, blue = (a + (b - a) * share for a, b in zip(one, other, strict=True))
    return red, green, blue


def _rounded(colour: Rgb) -> Rgb:
    return _rgb(_hex(colour)) or colour


def _hex(colour: Rgb) -> str:
    return "#" + "".join(f"{round(min(1, max(0, part)) * 255):02x}" for part in colour)


def _rgb(text: str) -> Rgb | None:
    if not re.fullmatch(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})", text):
        return None
    digits = text[1:] if len(text) > 4 else "".join(2 * digit for digit in text[1:])  # noqa: PLR2004  # #rgb
    return int(digits[:2], 16) / 255, int(digits[2:4], 16) / 255, int(digits[4:], 16) / 255


def _bring(folder: Path, name: str, most: int, files: dict[str, bytes]) -> str:
    """The key that a file of the show's folder gets; empty when it is not there, not inside, or too large."""
    try:
        path = (folder / name).resolve()
        if not path.is_relative_to(folder.resolve()) or path.stat().st_size > most:
            return ""
        data = path.read_bytes()
    except (OSError, ValueError):
        return ""
    key = f"assets/{hashlib.sha256(data).hexdigest()[:10]}{path.suffix.lower()}"
    files[key] = data
    return key
