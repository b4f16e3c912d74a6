"""The theme of the pages: `theme:` in podcast.yaml as readable colours, a font and a logo."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from podcast_kit.errors import InvalidInput, Problem, SourceLocation
from podcast_kit.io.inside import real_path
from podcast_kit.model import Image, Show
from podcast_kit.site.svg import check_svg

DEFAULT_COLOUR = "#0f62a8"
MIN_CONTRAST = 4.5
"""Contrast ratio that WCAG 2.2 AA requires of text (1.4.3)."""
MAX_FONT_BYTES = 2_000_000
MAX_LOGO_BYTES = 500_000
LOGO_SUFFIXES = (".svg", ".png", ".jpg", ".jpeg", ".webp")

Rgb = tuple[float, float, float]
_WHITE: Rgb = (1, 1, 1)
_BLACK: Rgb = (0, 0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColourScheme:
    """The colours of the light or the dark scheme, as `#rrggbb`."""

    accent: str
    """For links and the current item."""
    fill: str
    """For buttons: the show's own colour, unchanged."""
    on_fill: str
    """For text on buttons."""
    ground: str
    """The page's background."""
    raised: str
    """The background of cards."""
    tint: str
    """The background of sections."""
    ink: str
    """For text."""
    soft: str
    """For less important text."""
    line: str
    """For borders."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteTheme:
    """The values that the style sheet is rendered with."""

    light: ColourScheme
    dark: ColourScheme
    font: str = ""
    """CSS font families; empty for the system's font."""
    font_file: str = ""
    """Key of a published .woff2 file."""
    logo: str = ""
    """Key of the logo."""
    files: dict[str, bytes] = field(default_factory=dict, repr=False)
    """The files of font and logo, by key."""


def resolve_theme(show: Show, folder: Path, artwork: Image | None, shared: Path | None = None) -> SiteTheme:
    """The theme of a show; without a colour in podcast.yaml it uses that of the cover.

    Font and logo may be files of the show, or of its network, whose folder is `shared`.

    Raises InvalidInput if a colour, font or logo of `theme:` cannot be used, or the logo could run a script.
    """
    theme, files = show.theme, dict[str, bytes]()
    problems: list[Problem] = []
    base = _parse_hex(theme.colour or (artwork.colour if artwork else "") or DEFAULT_COLOUR)
    if base is None:
        fix = "write it as '#0f62a8', in quotes"
        problems.append(_theme_problem(show, "colour", f"{theme.colour!r} is not a colour", fix))
    font, font_key = theme.font, ""
    if font.lower().endswith(".woff2"):
        font, font_key = "Show", _read_asset((folder, shared), font, MAX_FONT_BYTES, files)
        if not font_key:
            text = f"{theme.font!r} does not exist in the show's folder, or is larger than {MAX_FONT_BYTES // 10**6} MB"
            problems.append(_theme_problem(show, "font", text, "use a .woff2 file in the show's folder"))
    elif not re.fullmatch(r"[\w ,'\"-]*", font) or font.count('"') % 2 or font.count("'") % 2:
        fix = "write it as 'Georgia, serif', or use a .woff2 file"
        problems.append(_theme_problem(show, "font", f"{font!r} is not a list of fonts", fix))
    logo = ""
    if theme.logo:
        if theme.logo.lower().endswith(LOGO_SUFFIXES):
            logo = _read_asset((folder, shared), theme.logo, MAX_LOGO_BYTES, files)
        if not logo:
            fix = f"use a {', '.join(LOGO_SUFFIXES)} file of at most {MAX_LOGO_BYTES // 1000} kB in the show's folder"
            problems.append(_theme_problem(show, "logo", f"{theme.logo!r} can't be used", fix))
        elif logo.endswith(".svg"):
            problems += check_svg(files[logo], theme.logo)
    if problems or base is None:
        raise InvalidInput(problems)
    return SiteTheme(
        light=light_scheme(base), dark=dark_scheme(base), font=font, font_file=font_key, logo=logo, files=files
    )


def _theme_problem(show: Show, key: str, text: str, fix: str) -> Problem:
    location = show.theme.locations.get(key) or show.locations.get("theme") or SourceLocation("podcast.yaml")
    return Problem(location, f"theme: {text}", fix, f"theme.{key}")


def light_scheme(base: Rgb) -> ColourScheme:
    """The light scheme of a colour."""
    ground, tint = _mix_colours(_WHITE, base, 0.02), _mix_colours(_WHITE, base, 0.08)
    return ColourScheme(
        accent=_format_hex(_adjust_contrast(base, (ground, _WHITE, tint), _BLACK)),
        fill=_format_hex(base),
        on_fill=_format_hex(_text_colour_on(base)),
        ground=_format_hex(ground),
        raised=_format_hex(_WHITE),
        tint=_format_hex(tint),
        ink=_format_hex(_mix_colours((0.1, 0.1, 0.1), base, 0.05)),
        soft=_format_hex(_adjust_contrast((0.36, 0.35, 0.34), (ground, tint), _BLACK)),
        line=_format_hex(_mix_colours((0.84, 0.83, 0.82), base, 0.06)),
    )


def dark_scheme(base: Rgb) -> ColourScheme:
    """The dark scheme of a colour."""
    ground, tint = _mix_colours((0.07, 0.07, 0.075), base, 0.02), _mix_colours((0.1, 0.1, 0.105), base, 0.14)
    raised = _mix_colours((0.11, 0.11, 0.115), base, 0.02)
    return ColourScheme(
        accent=_format_hex(_adjust_contrast(base, (ground, raised, tint), _WHITE)),
        fill=_format_hex(base),
        on_fill=_format_hex(_text_colour_on(base)),
        ground=_format_hex(ground),
        raised=_format_hex(raised),
        tint=_format_hex(tint),
        ink=_format_hex((0.925, 0.92, 0.915)),
        soft=_format_hex(_adjust_contrast((0.68, 0.67, 0.66), (ground, raised, tint), _WHITE)),
        line=_format_hex(_mix_colours((0.22, 0.22, 0.22), base, 0.06)),
    )


def contrast_ratio(first: str, second: str) -> float:
    """The contrast ratio of two `#rrggbb` colours, 1 to 21 (WCAG 2.2)."""
    return _rgb_contrast(_parse_hex(first) or _BLACK, _parse_hex(second) or _BLACK)


def _rgb_contrast(first: Rgb, second: Rgb) -> float:
    low, high = sorted((_relative_luminance(first), _relative_luminance(second)))
    return (high + 0.05) / (low + 0.05)


def _relative_luminance(colour: Rgb) -> float:
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour]  # noqa: PLR2004
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _adjust_contrast(colour: Rgb, backgrounds: tuple[Rgb, ...], towards: Rgb) -> Rgb:
    """The colour, changed as little as makes it readable on every background."""
    for step in range(101):
        adjusted = _mix_colours(colour, towards, step / 100)
        shown = _round_to_hex(adjusted)
        if all(_rgb_contrast(shown, _round_to_hex(background)) >= MIN_CONTRAST for background in backgrounds):
            return adjusted
    return towards


def _text_colour_on(colour: Rgb) -> Rgb:
    """Black or white, whichever has more contrast; one of them always has enough."""
    return max((_BLACK, _WHITE), key=lambda ink: _rgb_contrast(ink, colour))


def _mix_colours(first: Rgb, second: Rgb, share: float) -> Rgb:
    """A mix of two colours; `share` is that of the second, 0 to 1."""
    red, green, blue = (a + (b - a) * share for a, b in zip(first, second, strict=True))
    return red, green, blue


def _round_to_hex(colour: Rgb) -> Rgb:
    return _parse_hex(_format_hex(colour)) or colour


def _format_hex(colour: Rgb) -> str:
    return "#" + "".join(f"{round(min(1, max(0, part)) * 255):02x}" for part in colour)


def _parse_hex(text: str) -> Rgb | None:
    if not re.fullmatch(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})", text):
        return None
    digits = text[1:] if len(text) > 4 else "".join(2 * digit for digit in text[1:])  # noqa: PLR2004  # #rgb
    return int(digits[:2], 16) / 255, int(digits[2:4], 16) / 255, int(digits[4:], 16) / 255


def _read_asset(folders: Sequence[Path | None], name: str, max_bytes: int, files: dict[str, bytes]) -> str:
    """Add a file to `files`, by its path from the first folder; returns its key, empty if missing or too large.

    It may be in any of the folders, and nowhere else.
    """
    roots = [real_path(folder) for folder in folders if folder]
    try:
        path = real_path(roots[0] / name)
        if not any(path.is_relative_to(root) for root in roots) or path.stat().st_size > max_bytes:
            return ""
        data = path.read_bytes()
    except (OSError, ValueError):
        return ""
    key = f"assets/{hashlib.sha256(data).hexdigest()[:10]}{path.suffix.lower()}"
    files[key] = data
    return key
