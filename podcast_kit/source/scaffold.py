"""New files: podcast.yaml, an episode, and the one line that gives an episode its guid."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from podcast_kit.errors import OperationError, InvalidInput, SourceLocation, Problem
from podcast_kit.io import atomic_write
from podcast_kit.source.notes.lint import BEGUN
from podcast_kit.source.show import COVER
from podcast_kit.source.yaml.document import MAX_BYTES, decode, front_matter

COLUMN = 42
"""Characters before a comment, which a guid with its key takes; what is longer pushes its own comment on."""
TO = "where it goes: s3://bucket/prefix, or a folder that a web server serves"
_PLAIN = re.compile(r"[^\W\d_][\w ,.()/'’+-]*", re.UNICODE)
_IDENTITY = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|https?://[A-Za-z0-9][A-Za-z0-9./_~-]*"
    r"|[A-Za-z0-9][A-Za-z0-9._+-]*@[A-Za-z0-9][A-Za-z0-9.-]*"
)
"""Guids, addresses and e-mail addresses as most are: YAML takes none of them for anything else."""
_WORDS = {"true", "false", "yes", "no", "on", "off", "null", "none", "y", "n"}


def written(text: str) -> str:
    """A value as YAML has it: bare where it is read back the same, else in double quotes."""
    if _IDENTITY.fullmatch(text):
        return text
    if _PLAIN.fullmatch(text) and text == text.strip() and text.lower() not in _WORDS and "\n" not in text:
        return text
    return flow(text)


def flow(value: object) -> str:
    """Text, lists and mappings of text in YAML's flow style, which is JSON but for what YAML takes for unprintable."""
    escaped = json.dumps(value, ensure_ascii=False)
    return re.sub("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]", lambda found: f"\\u{ord(found[0]):04x}", escaped)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewShow:
    """What is known of a show whose podcast.yaml is to be written."""

    title: str
    description: str
    author: str
    url: str
    guid: str
    email: str = ""
    language: str = "en"
    timezone: str = "UTC"
    categories: Sequence[str] = ()
    artwork: str = ""
    explicit: bool = False
    to: str = ""
    endpoint: str = ""
    apple: str = ""
    spotify: str = ""
    listen: Sequence[str] = ()
    """Lines for further services."""
    owner: str = ""
    """The author unless it is said."""
    serial: bool = False
    more: Sequence[str] = ()
    """Lines for what else is known."""

    def text(self) -> str:
        """A new podcast.yaml, with a word on each key; what is not known yet stands in a comment."""
        return "\n".join([*self._about(), *self.more, "", *self._meeting(), "", *self._publishing()]) + "\n"

    def _about(self) -> Iterator[str]:
        known = ", ".join(written(category) for category in self.categories)
        yield "# The show. A line that begins with # is a comment."
        yield f"title: {written(self.title)}"
        yield f"description: {written(self.description)}"
        yield f"author: {written(self.author)}"
        yield _said(f"language: {written(self.language)}", "two letters, or with a region: en, de-AT, pt-BR")
        yield _said(f"timezone: {written(self.timezone)}", "dates without an offset are in this zone")
        yield _said("owner:", "directories write here to ask whether the show is yours")
        yield f"  name: {written(self.owner or self.author)}"
        yield f"  email: {written(self.email)}" if self.email else "  # email: you@example.com"
        yield _said(f"guid: {self.guid}", "the show's own, kept through every move")
        yield _said(f"artwork: {written(self.artwork)}" if self.artwork else "# artwork: cover.jpg", COVER)
        yield f"categories: [{known}]" if known else "# categories: [Business > Marketing, Technology]"
        yield f"explicit: {'true' if self.explicit else 'false'}"
        if self.serial:
            yield _said("type: serial", "or episodic: the newest first")
        else:
            yield _said("type: episodic", "or serial: told from the first episode on")

    def _meeting(self) -> Iterator[str]:
        services = [f"  {line}" for line in self.listen]
        yield "# Where people follow the show: the ids that each service gave it."
        yield "listen:" if self.apple or self.spotify or services else "# listen:"
        yield f"  apple: {written(self.apple)}" if self.apple else "  # apple: 1234567890"
        yield f"  spotify: {written(self.spotify)}" if self.spotify else "  # spotify: 0123456789abcdefghijkl"
        yield from services
        yield ""
        yield "# The invitations to follow and to review that every episode's notes end with."
        yield "prompts:"
        yield "  # placement: end, marker (where {{ prompts }} stands in the notes) or none"
        yield "  default: {follow: true, review: true, placement: end}"

    def _publishing(self) -> Iterator[str]:
        public = "public address of all that is published; the feed is feed.xml below it"
        endpoint = f"  endpoint: {written(self.endpoint)}" if self.endpoint else "  # endpoint: https://..."
        yield "publish:"
        yield _said(f"  url: {written(self.url)}", public)
        yield _said(f"  to: {written(self.to)}" if self.to else "  # to: s3://bucket/prefix", TO)
        yield _said(endpoint, "for stores that are not Amazon's")
        yield "  # Credentials are never written here: they come from the environment, a profile or a role."


def _said(line: str, comment: str) -> str:
    return f"{line:<{COLUMN}}  # {comment}"


def episode_text(
    *,
    title: str,
    guid: str,
    date: datetime | None = None,
    audio: str = "",
    number: int | None = None,
    season: int | None = None,
    summary: str = "",
    image: str = "",
    draft: bool = False,
    more: Iterable[str] = (),
    notes: str = "",
) -> str:
    """A new episode's file. `date` is written as it is, with its offset if it has one; `more` are further lines."""
    lines = ["---", f"title: {written(title)}"]
    lines += [f"audio: {written(audio)}"] if audio else []
    if date is not None:
        lines.append(f"date: {date.isoformat(' ', 'minutes') if date.second == 0 else date.isoformat(' ', 'seconds')}")
    lines.append(f"guid: {written(guid)}    # never change it: apps know the episode by it")
    for key, value in (("number", number), ("season", season)):
        lines += [f"{key}: {value}"] if value is not None else []
    lines += [f"summary: {written(summary)}"] if summary else []
    lines += [f"image: {written(image)}"] if image else []
    lines += ["draft: true                     # remove the line to publish it"] if draft else []
    lines += more
    return "\n".join([*lines, "---", notes.strip("\n") or "\n\n".join(BEGUN)]) + "\n"


def mint(path: Path, guid: str) -> None:
    """Write the guid into an episode's front matter; every other byte of the file stays.

    A line `guid:` without a value gets it; otherwise the line goes below `title:`, or on top.
    Raises InvalidInput where the file cannot be read or has a guid already, Failed where it cannot be written.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise OperationError(f"{path}: cannot be read: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise InvalidInput([Problem(SourceLocation(str(path)), "is too long to be an episode", "", "file.long")])
    table, _, _ = front_matter(decode(data, str(path)), str(path))
    if (value := table.value("guid")) is not None:
        problem = Problem(value.place, "has a guid already", "a guid never changes", "it.guid.stable")
        raise InvalidInput([problem])
    lines = re.split(rb"(?<=\n)|(?<=\r)(?!\n)", data)
    ending = b"\r\n" if lines[0].endswith(b"\r\n") else b"\r" if lines[0].endswith(b"\r") else b"\n"
    line = b"guid: " + written(guid).encode() + ending
    if "guid" in table.places:
        at = table.places["guid"].line - 1
        said = b"guid: " + written(guid).encode()
        lines[at] = re.sub(rb"^guid[ \t]*:[ \t]*", lambda _: said, lines[at]).replace(said + b"#", said + b" #")
    else:
        lines.insert(1, line)
    edited = b"".join(lines)
    try:
        again = front_matter(decode(edited, str(path)), str(path))[0].take("guid", str, "")
    except InvalidInput:
        again = ""
    if again != guid:  # front matter in one pair of braces, and the like
        text, hint = "a line with the guid cannot be put in", f"write 'guid: {guid}' into the front matter yourself"
        raise InvalidInput([Problem(SourceLocation(str(path), 1), text, hint, "key.missing")])
    atomic_write.write(path, edited)
