"""Text files of other programs: chapters and transcripts are read in the encodings that these still write."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from podcast_kit.errors import InvalidInput, Problem, Severity, SourceLocation
from podcast_kit.source.yaml import MAX_SOURCE_BYTES, decode_source

ENCODING_CODE = "file.encoding"
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_MAX_SHOWN_CHARACTERS = 40


@dataclass(frozen=True, slots=True)
class DecodedText:
    """A file's text with line feeds only."""

    text: str
    encoding: str = ""
    """Empty for UTF-8, which is what every app expects."""
    problems: tuple[Problem, ...] = ()
    """A warning where the encoding is not UTF-8."""


def decode_foreign_text(data: bytes, path: str, max_bytes: int = MAX_SOURCE_BYTES) -> DecodedText:
    """The text of a file in UTF-8, UTF-16 or, where it is neither, Windows-1252.

    Raises InvalidInput for a file that is too long or no text in any of them.
    """
    try:
        return DecodedText(decode_source(data, path, max_bytes))
    except InvalidInput as error:
        if any(problem.code != ENCODING_CODE for problem in error.problems):
            raise
        decoded = _decode_utf16(data) or _decode_windows(data)
        if decoded is None:
            raise
        (problem,) = error.problems
    text, encoding = decoded
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    shown = ""
    if encoding != "UTF-16":
        line = text.split("\n")[problem.location.line - 1] if problem.location.line <= text.count("\n") + 1 else ""
        shown = f": line {problem.location.line} is {line.strip()[:_MAX_SHOWN_CHARACTERS]!r}"
    warning = Problem(
        SourceLocation(path, problem.location.line),
        f"is not UTF-8, and was read as {encoding}{shown}",
        "save the file as UTF-8",
        ENCODING_CODE,
        Severity.WARNING,
    )
    return DecodedText(text, encoding, (warning,))


def _decode_utf16(data: bytes) -> tuple[str, str] | None:
    """UTF-16 with a byte-order mark, or with the zero bytes of Latin letters."""
    has_mark = data.startswith(_UTF16_MARKS)
    zeros = (data[0::2].count(0), data[1::2].count(0))
    if not has_mark and max(zeros) * 4 < len(data):
        return None
    encoding = "utf-16" if has_mark else "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"
    try:
        return data.decode(encoding), "UTF-16"
    except UnicodeDecodeError:
        return None


def _decode_windows(data: bytes) -> tuple[str, str] | None:
    """Windows-1252, or Latin-1 for the five bytes that it does not have; None for data with zero bytes."""
    if b"\0" in data:
        return None
    try:
        return data.decode("cp1252"), "Windows-1252"
    except UnicodeDecodeError:
        return data.decode("latin-1"), "Latin-1"
