"""Rules art.*: the artwork's pixels and file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from podcast_kit.check.context import ChannelView, is_complete_url
from podcast_kit.check.registry import Finding, also_checks, rule
from podcast_kit.check.rules.enclosure import url_suffix
from podcast_kit.errors import Severity, SourceLocation
from podcast_kit.model import Episode

MIN_SIDE_PX, MAX_SIDE_PX = 1400, 3000
GOOD_MAX_BYTES, MAX_BYTES = 300_000, 512_000
SCREEN_DPI = 72
FORMAT_SUFFIXES = {"JPEG": (".jpg", ".jpeg"), "PNG": (".png",)}
UNSUPPORTED_SUFFIXES = frozenset({".webp", ".gif", ".svg", ".avif", ".bmp", ".tif", ".tiff", ".heic"})
PRINT_MODES = frozenset({"CMYK", "YCCK", "LAB"})
MODE_PROBLEMS = {
    "L": "is greyscale",
    "LA": "is greyscale",
    "1": "is black and white",
    "P": "uses a palette",
    "PA": "uses a palette",
    "I;16": "has 16 bits per channel",
    "I": "has 32 bits per channel",
    "F": "has 32 bits per channel",
}
"""By Pillow's mode, what is wrong in words."""


class Pixels(Protocol):
    """What is known of an image file."""

    @property
    def format(self) -> str:
        """`JPEG`, `PNG`, ..."""

    @property
    def mode(self) -> str:
        """Pillow's mode: `RGB`, `CMYK`, ..."""

    @property
    def alpha(self) -> bool:
        """Whether it has an alpha channel or transparent colours."""

    @property
    def width(self) -> int:
        """In pixels."""

    @property
    def height(self) -> int:
        """In pixels."""

    @property
    def bytes(self) -> int:
        """Size of the file."""

    @property
    def rotated(self) -> bool:
        """Whether EXIF asks viewers to rotate it."""

    @property
    def progressive(self) -> bool:
        """Whether it is a progressive JPEG."""

    @property
    def dpi(self) -> tuple[int, int] | None:
        """Dots per inch that the file declares."""


@dataclass(frozen=True, slots=True)
class ArtworkFile:
    """The artwork of the show, or of one episode."""

    pixels: Pixels
    name: str
    """The file's name or URL."""
    location: SourceLocation
    episode: Episode | None = None
    """None for the show's artwork."""
    url: str = ""

    @property
    def display_name(self) -> str:
        """What messages call it."""
        return self.name.rpartition("/")[2][:60]

    @property
    def dimensions(self) -> str:
        """Width and height, as messages show them."""
        return f"{self.pixels.width} × {self.pixels.height} pixels"


@rule(
    "art.square",
    Severity.ERROR,
    subject=ArtworkFile,
    platforms="apple spotify stitcher",
    sources="AP896",
    why="Apple and Spotify reject artwork that is not square.",
    fix="crop it to a square of 1400 to 3000 pixels a side",
)
def check_artwork_square(artwork: ArtworkFile) -> Iterator[Finding]:
    """The show's artwork is square."""
    if artwork.episode is None and artwork.pixels.width != artwork.pixels.height:
        yield Finding(f"{artwork.display_name} has {artwork.dimensions}")


@rule(
    "art.size",
    Severity.ERROR,
    subject=ArtworkFile,
    platforms="apple spotify",
    sources="AP896",
    why="Apple rejects smaller and larger artwork.",
    fix="scale it to 3000 × 3000 pixels, or at least 1400 × 1400",
)
def check_artwork_size(artwork: ArtworkFile) -> Iterator[Finding]:
    """The show's artwork has 1400 to 3000 pixels per side."""
    shorter, longer = sorted((artwork.pixels.width, artwork.pixels.height))
    if artwork.episode is not None:
        return
    if shorter != longer and not MIN_SIDE_PX <= shorter <= MAX_SIDE_PX:
        yield Finding(f"{artwork.display_name} would have {shorter} pixels per side as a square")
    elif shorter == longer and not MIN_SIDE_PX <= shorter <= MAX_SIDE_PX:
        yield Finding(f"{artwork.display_name} has {artwork.dimensions}")


@rule(
    "art.format",
    Severity.ERROR,
    subject=ArtworkFile,
    platforms="apple spotify stitcher",
    sources="AP896 SPM",
    why="Spotify reports “Invalid content type for artwork”; an image with the wrong file extension is not shown.",
    fix="save it as JPEG or PNG, with the matching file extension",
)
def check_artwork_format(artwork: ArtworkFile) -> Iterator[Finding]:
    """The show's artwork is JPEG or PNG, with the matching file extension."""
    if artwork.episode is not None:
        return
    matching = FORMAT_SUFFIXES.get(artwork.pixels.format)
    suffix = url_suffix(artwork.name)
    if matching is None:
        yield Finding(f"{artwork.display_name} is {artwork.pixels.format or 'an unknown format'}, not JPEG or PNG")
    elif suffix and suffix not in matching:
        yield Finding(f"{artwork.display_name} is a {artwork.pixels.format} file")


@also_checks("art.format", subject=ChannelView)
def check_artwork_url_suffix(channel: ChannelView) -> Iterator[Finding]:
    """The artwork's URL does not end in the extension of another image format."""
    url = channel.child_attribute("itunes:image", "href")
    suffix = url_suffix(url)
    if is_complete_url(url) and suffix in UNSUPPORTED_SUFFIXES:
        text = f"the show's artwork has the file extension {suffix}"
        yield Finding(text, channel.child("itunes:image"), "artwork")


@rule(
    "art.colour",
    Severity.ERROR,
    subject=ArtworkFile,
    platforms="apple",
    sources="AP896",
    why="CMYK is rejected, or shown in wrong colours.",
    fix="save it as RGB",
)
def check_artwork_colour_mode(artwork: ArtworkFile) -> Iterator[Finding]:
    """The show's artwork is RGB."""
    mode = artwork.pixels.mode
    if artwork.episode is None and mode not in {"RGB", "RGBA"}:
        problem = MODE_PROBLEMS.get(mode, f"is {mode}, not RGB")
        severity = Severity.ERROR if mode in PRINT_MODES else Severity.WARNING
        yield Finding(f"{artwork.display_name} {problem}", severity=severity)


@rule(
    "art.alpha",
    Severity.WARNING,
    subject=ArtworkFile,
    platforms="apple",
    sources="AP896",
    why="Transparent parts are black in one app and white in another.",
    fix="fill the background, and save it without an alpha channel",
)
def check_artwork_alpha(artwork: ArtworkFile) -> Iterator[Finding]:
    """The show's artwork has no alpha channel."""
    if artwork.episode is None and artwork.pixels.alpha:
        yield Finding(f"{artwork.display_name} has an alpha channel or transparent colours")


@rule(
    "art.dpi",
    Severity.HINT,
    subject=ArtworkFile,
    platforms="apple",
    sources="AP896",
    why="Apple asks for 72 dpi, although no app is known to use it.",
    fix="export it for the screen",
    opt_in=True,
)
def check_artwork_dpi(artwork: ArtworkFile) -> Iterator[Finding]:
    """The show's artwork declares 72 dpi, or nothing."""
    dpi = artwork.pixels.dpi
    if artwork.episode is None and dpi and set(dpi) != {SCREEN_DPI}:
        yield Finding(f"{artwork.display_name} has {dpi[0]} dpi")


@rule(
    "art.bytes",
    Severity.WARNING,
    subject=ArtworkFile,
    platforms="psp1 stitcher",
    sources="PSP13",
    why="Apps load it on every screen; some hosts and old directories reject large files.",
    fix="save it as JPEG with a quality of 80 to 85",
)
def check_artwork_bytes(artwork: ArtworkFile) -> Iterator[Finding]:
    """The show's artwork has at most 512,000 bytes."""
    count = artwork.pixels.bytes
    if artwork.episode is None and count > GOOD_MAX_BYTES:
        severity = Severity.HINT if count <= MAX_BYTES else Severity.WARNING
        yield Finding(f"{artwork.display_name} has {count:,} bytes", severity=severity)


@rule(
    "art.baseline",
    Severity.HINT,
    subject=ArtworkFile,
    platforms="apple",
    sources="AP896 HOUSE",
    why="Some players show a progressive JPEG late, and ignore the rotation stored in EXIF.",
    fix="save it as a baseline JPEG, rotated upright",
)
def check_artwork_baseline(artwork: ArtworkFile) -> Iterator[Finding]:
    """The show's artwork is not progressive and not rotated by EXIF."""
    if artwork.episode is not None:
        return
    if artwork.pixels.rotated:
        yield Finding(f"{artwork.display_name} is rotated by EXIF only")
    elif artwork.pixels.progressive:
        yield Finding(f"{artwork.display_name} is a progressive JPEG")


@rule(
    "art.item",
    Severity.HINT,
    subject=ArtworkFile,
    platforms="apple spotify",
    sources="AP896 PN",
    why="If an episode's artwork does not meet the requirements, apps show the show's.",
    fix="use a square image of 1400 to 3000 pixels, RGB, JPEG or PNG",
)
def check_episode_artwork(artwork: ArtworkFile) -> Iterator[Finding]:
    """An episode's artwork is like the show's: square, 1400 to 3000 pixels per side, RGB, JPEG or PNG."""
    if artwork.episode is None:
        return
    pixels = artwork.pixels
    has_good_size = pixels.width == pixels.height and MIN_SIDE_PX <= pixels.width <= MAX_SIDE_PX
    if pixels.format not in FORMAT_SUFFIXES or pixels.mode == "CMYK":
        yield Finding(f"{artwork.display_name} is a {pixels.format} file in {pixels.mode}", severity=Severity.WARNING)
    elif not has_good_size:
        yield Finding(f"{artwork.display_name} has {artwork.dimensions}")
