"""art.*: the artwork, by its pixels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from podcast_kit.check.context import Channel, web
from podcast_kit.check.registry import Finding, also, rule
from podcast_kit.check.rules.enclosure import suffix
from podcast_kit.errors import SourceLocation, Severity
from podcast_kit.model import Episode

SMALLEST, LARGEST = 1400, 3000
MANY_BYTES, TOO_MANY_BYTES = 300_000, 512_000
SCREEN = 72
SUFFIXES = {"JPEG": (".jpg", ".jpeg"), "PNG": (".png",)}
HINT, WARN = Severity.HINT, Severity.WARNING


class Pixels(Protocol):
    """What looking at a picture tells."""

    @property
    def format(self) -> str:
        """`JPEG`, `PNG`, ..."""

    @property
    def mode(self) -> str:
        """`RGB`, `CMYK`, ..."""

    @property
    def alpha(self) -> bool:
        """Whether anything shines through."""

    @property
    def width(self) -> int:
        """Pixels."""

    @property
    def height(self) -> int:
        """Pixels."""

    @property
    def bytes(self) -> int:
        """Of the file."""

    @property
    def rotated(self) -> bool:
        """Whether EXIF asks for a turn."""

    @property
    def progressive(self) -> bool:
        """Whether it comes in passes."""

    @property
    def dpi(self) -> tuple[int, int] | None:
        """As the file says."""


@dataclass(frozen=True, slots=True)
class Artwork:
    """A picture of the show, or of one episode."""

    pixels: Pixels
    name: str
    """The file's name or address."""
    place: SourceLocation
    episode: Episode | None = None
    url: str = ""

    @property
    def what(self) -> str:
        """How a message calls it."""
        return self.name.rpartition("/")[2][:60]


@rule(
    "art.square",
    Severity.ERROR,
    of=Artwork,
    platforms="apple spotify stitcher",
    sources="AP896",
    why="Apple and Spotify refuse anything but a square.",
    mend="crop it to a square",
)
def square(art: Artwork) -> Iterator[Finding]:
    """The show's artwork is square."""
    if art.episode is None and art.pixels.width != art.pixels.height:
        yield Finding(f"{art.what} has {art.pixels.width} × {art.pixels.height} pixels")


@rule(
    "art.size",
    Severity.ERROR,
    of=Artwork,
    platforms="apple spotify",
    sources="AP896",
    why="Apple refuses what is smaller or larger.",
    mend="scale it to 3000 × 3000, or at least 1400 × 1400",
)
def size(art: Artwork) -> Iterator[Finding]:
    """The show's artwork has 1400 to 3000 pixels a side."""
    low, high = sorted((art.pixels.width, art.pixels.height))
    if art.episode is None and not (low >= SMALLEST and high <= LARGEST):
        yield Finding(f"{art.what} has {art.pixels.width} × {art.pixels.height} pixels")


@rule(
    "art.format",
    Severity.ERROR,
    of=Artwork,
    platforms="apple spotify stitcher",
    sources="AP896 SPM",
    why="Spotify answers “Invalid content type for artwork”; a picture under another's ending is not shown.",
    mend="save it as JPEG or PNG, under the ending that belongs to it",
)
def picture_format(art: Artwork) -> Iterator[Finding]:
    """The show's artwork is JPEG or PNG, and its name says so."""
    if art.episode is not None:
        return
    fitting = SUFFIXES.get(art.pixels.format)
    ending = suffix(art.name)
    if fitting is None:
        yield Finding(f"{art.what} is {art.pixels.format or 'no picture'}, not JPEG or PNG")
    elif ending and ending not in fitting:
        yield Finding(f"{art.what} is {art.pixels.format} inside")


@also("art.format", of=Channel)
def picture_address(channel: Channel) -> Iterator[Finding]:
    """The artwork's address ends in .jpg, .jpeg or .png."""
    address = channel.attribute("itunes:image", "href")
    ending = suffix(address)
    if web(address) and ending in {".webp", ".gif", ".svg", ".avif", ".bmp", ".tif", ".tiff", ".heic"}:
        yield Finding(f"the show's artwork ends in {ending}", channel.first("itunes:image"), "artwork")


@rule(
    "art.colour",
    Severity.ERROR,
    of=Artwork,
    platforms="apple",
    sources="AP896",
    why="CMYK is refused, or shown in false colours.",
    mend="save it in RGB",
)
def colour(art: Artwork) -> Iterator[Finding]:
    """The show's artwork is in RGB."""
    mode = art.pixels.mode
    if art.episode is None and mode not in {"RGB", "RGBA"}:
        yield Finding(f"{art.what} is in {mode}, not RGB", severity=None if mode in {"CMYK", "YCCK", "LAB"} else WARN)


@rule(
    "art.alpha",
    Severity.WARNING,
    of=Artwork,
    platforms="apple",
    sources="AP896",
    why="What shines through is black in one app and white in the next.",
    mend="fill the background and save it without an alpha channel",
)
def alpha(art: Artwork) -> Iterator[Finding]:
    """The show's artwork has no alpha channel."""
    if art.episode is None and art.pixels.alpha:
        yield Finding(f"{art.what} is transparent, or could be")


@rule(
    "art.dpi",
    Severity.HINT,
    of=Artwork,
    platforms="apple",
    sources="AP896",
    why="Apple asks for 72 dpi; nothing is known to look at it.",
    mend="export it for the screen",
    asked=True,
)
def dpi(art: Artwork) -> Iterator[Finding]:
    """The show's artwork says 72 dpi, or nothing."""
    said = art.pixels.dpi
    if art.episode is None and said and set(said) != {SCREEN}:
        yield Finding(f"{art.what} says {said[0]} dpi")


@rule(
    "art.bytes",
    Severity.WARNING,
    of=Artwork,
    platforms="psp1 stitcher",
    sources="PSP13",
    why="Apps load it on every screen; some hosts and old directories give up.",
    mend="save it as JPEG with a quality of 80 to 85",
)
def weight(art: Artwork) -> Iterator[Finding]:
    """The show's artwork has at most 512,000 bytes."""
    count = art.pixels.bytes
    if art.episode is None and count > MANY_BYTES:
        yield Finding(f"{art.what} has {count:,} bytes", severity=HINT if count <= TOO_MANY_BYTES else WARN)


@rule(
    "art.baseline",
    Severity.HINT,
    of=Artwork,
    platforms="apple",
    sources="AP896 HOUSE",
    why="Some players show a progressive JPEG late, and a turned one lying on its side.",
    mend="save it as a baseline JPEG, upright",
)
def baseline(art: Artwork) -> Iterator[Finding]:
    """The show's artwork is not progressive, and needs no turning."""
    if art.episode is not None:
        return
    if art.pixels.rotated:
        yield Finding(f"{art.what} must be turned to stand upright")
    elif art.pixels.progressive:
        yield Finding(f"{art.what} is a progressive JPEG")


@rule(
    "art.item",
    Severity.HINT,
    of=Artwork,
    platforms="apple spotify",
    sources="AP896 PN",
    why="Where an episode's artwork does not fit, apps show the show's.",
    mend="make it like the show's: square, 1400 to 3000 pixels, RGB, JPEG or PNG",
)
def episode_art(art: Artwork) -> Iterator[Finding]:
    """An episode's artwork is like the show's: square, 1400 to 3000 pixels a side, RGB, JPEG or PNG."""
    if art.episode is None:
        return
    pixels = art.pixels
    fits = pixels.width == pixels.height and SMALLEST <= pixels.width <= LARGEST
    if pixels.format not in SUFFIXES or pixels.mode == "CMYK":
        yield Finding(f"{art.what} is {pixels.format} in {pixels.mode}", severity=WARN)
    elif not fits:
        yield Finding(f"{art.what} has {pixels.width} × {pixels.height} pixels")
