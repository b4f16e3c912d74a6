"""Renders a new podcast.yaml and new episodes, and writes the guid into an episode."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from podcast_kit.errors import InvalidInput, OperationError, Problem, SourceLocation
from podcast_kit.io import atomic_write
from podcast_kit.source.notes.lint import PLACEHOLDERS
from podcast_kit.source.show import COVER_REQUIREMENTS
from podcast_kit.source.yaml import MAX_SOURCE_BYTES, decode_source, parse_front_matter

COMMENT_COLUMN = 42
"""Where comments begin, just after a guid with its key; a longer line moves its own comment."""
PUBLISH_TO_COMMENT = "s3://bucket/prefix, or a folder that a web server serves"
_PLAIN = re.compile(r"[^\W\d_][\w ,.()/'’+-]*", re.UNICODE)
_PLAIN_ID = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|https?://[A-Za-z0-9][A-Za-z0-9./_~-]*"
    r"|[A-Za-z0-9][A-Za-z0-9._+-]*@[A-Za-z0-9][A-Za-z0-9.-]*"
)
"""Guids, URLs and e-mail addresses like most, which YAML reads as text."""
_YAML_WORDS = {"true", "false", "yes", "no", "on", "off", "null", "none", "y", "n"}


def yaml_scalar(text: str) -> str:
    """A text as a YAML scalar: without quotes where it is read back the same, else in double quotes."""
    if _PLAIN_ID.fullmatch(text):
        return text
    if _PLAIN.fullmatch(text) and text == text.strip() and text.lower() not in _YAML_WORDS and "\n" not in text:
        return text
    return yaml_flow(text)


def yaml_flow(value: object) -> str:
    """Text, lists and mappings of text in YAML's flow style: JSON, with what YAML calls unprintable escaped."""
    escaped = json.dumps(value, ensure_ascii=False)
    return re.sub("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]", lambda match: f"\\u{ord(match[0]):04x}", escaped)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewShow:
    """The values for a new podcast.yaml."""

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
    account: str = ""
    region: str = ""
    apple: str = ""
    spotify: str = ""
    listen: Sequence[str] = ()
    """Lines for other services."""
    owner: str = ""
    """The author if empty."""
    serial: bool = False
    extra_lines: Sequence[str] = ()
    """Lines for other keys."""

    def render(self) -> str:
        """A new podcast.yaml with a comment on most keys; keys without a value are commented out."""
        return (
            "\n".join(
                [
                    *self._describe_show(),
                    *self.extra_lines,
                    "",
                    *self._describe_services(),
                    "",
                    *self._describe_publishing(),
                ]
            )
            + "\n"
        )

    def _describe_show(self) -> Iterator[str]:
        categories = ", ".join(yaml_scalar(category) for category in self.categories)
        yield "# The show. Lines that begin with # are comments."
        yield f"title: {yaml_scalar(self.title)}"
        yield f"description: {yaml_scalar(self.description)}"
        yield f"author: {yaml_scalar(self.author)}"
        yield _with_comment(f"language: {yaml_scalar(self.language)}", "such as en, de-AT, pt-BR")
        yield _with_comment(f"timezone: {yaml_scalar(self.timezone)}", "for dates without an offset")
        yield _with_comment("owner:", "directories use this to verify ownership")
        yield f"  name: {yaml_scalar(self.owner or self.author)}"
        yield f"  email: {yaml_scalar(self.email)}" if self.email else "  # email: you@example.com"
        yield _with_comment(f"guid: {self.guid}", "the show's permanent id: do not change")
        yield _with_comment(
            f"artwork: {yaml_scalar(self.artwork)}" if self.artwork else "# artwork: cover.jpg", COVER_REQUIREMENTS
        )
        yield f"categories: [{categories}]" if categories else "# categories: [Business > Marketing, Technology]"
        yield f"explicit: {'true' if self.explicit else 'false'}"
        if self.serial:
            yield _with_comment("type: serial", "or episodic: newest first")
        else:
            yield _with_comment("type: episodic", "or serial: played from the first episode")

    def _describe_services(self) -> Iterator[str]:
        services = [f"  {line}" for line in self.listen]
        yield "# Where people can follow the show: its id at each service."
        yield "listen:" if self.apple or self.spotify or services else "# listen:"
        yield f"  apple: {yaml_scalar(self.apple)}" if self.apple else "  # apple: 1234567890"
        yield f"  spotify: {yaml_scalar(self.spotify)}" if self.spotify else "  # spotify: 0123456789abcdefghijkl"
        yield from services
        yield ""
        yield "# Follow and review prompts, added to every episode's notes."
        yield "prompts:"
        yield "  # placement: end, marker (at {{ prompts }} in the notes) or none"
        yield "  default: {follow: true, review: true, placement: end}"

    def _describe_publishing(self) -> Iterator[str]:
        public = "public URL of the published files; the feed is feed.xml below it"
        endpoint = f"  endpoint: {yaml_scalar(self.endpoint)}" if self.endpoint else "  # endpoint: https://..."
        yield "publish:"
        yield _with_comment(f"  url: {yaml_scalar(self.url)}", public)
        yield _with_comment(
            f"  to: {yaml_scalar(self.to)}" if self.to else "  # to: s3://bucket/prefix", PUBLISH_TO_COMMENT
        )
        yield _with_comment(endpoint, "for stores other than Amazon S3")
        for key, value in (("account", self.account), ("region", self.region)):
            if value:
                yield f"  {key}: {yaml_scalar(value)}"
        yield "  # Never write credentials here: use environment variables, an AWS profile or an IAM role."


def _with_comment(line: str, comment: str) -> str:
    return f"{line:<{COMMENT_COLUMN}}  # {comment}"


def render_episode_file(
    *,
    title: str,
    guid: str,
    date: datetime | None = None,
    audio: str = "",
    number: int | None = None,
    season: int | None = None,
    summary: str = "",
    image: str = "",
    type_: str = "",
    draft: bool = False,
    extra_lines: Iterable[str] = (),
    notes: str = "",
) -> str:
    """A new episode's file, with placeholder text unless `notes` are given.

    `date` is written with its offset if it has one; `extra_lines` are lines for other keys.
    """
    lines = ["---", f"title: {yaml_scalar(title)}"]
    lines += [f"audio: {yaml_scalar(audio)}"] if audio else []
    if date is not None:
        lines.append(f"date: {date.isoformat(' ', 'minutes') if date.second == 0 else date.isoformat(' ', 'seconds')}")
    lines.append(f"guid: {yaml_scalar(guid)}    # do not change: apps identify the episode by it")
    for key, value in (("number", number), ("season", season)):
        lines += [f"{key}: {value}"] if value is not None else []
    lines += [f"type: {type_}"] if type_ else []
    lines += [f"summary: {yaml_scalar(summary)}"] if summary else []
    lines += [f"image: {yaml_scalar(image)}"] if image else []
    lines += ["draft: true                     # remove this line to publish"] if draft else []
    lines += extra_lines
    return "\n".join([*lines, "---", notes.strip("\n") or "\n\n".join(PLACEHOLDERS)]) + "\n"


def render_page_file(title: str, *, draft: bool = False) -> str:
    """A new page's file, which is in the menu; its text is still to be written."""
    lines = ["---", f"title: {yaml_scalar(title)}", "menu: true"]
    lines += ["draft: true                     # remove this line to publish"] if draft else []
    return "\n".join([*lines, "---", ""]) + "\n"


def write_guid(folder: Path, episode_path: str, guid: str) -> None:
    """Write the guid into an episode's front matter; all other bytes of the file stay.

    An empty `guid:` line gets it; otherwise a line is added at the top. Raises InvalidInput where the file cannot be
    read or already has a guid, OperationError where it cannot be written.
    """
    path = folder / episode_path
    try:
        data = path.read_bytes()
    except OSError as error:
        raise OperationError(f"{path}: cannot be read: {error.strerror}") from None
    if len(data) > MAX_SOURCE_BYTES:
        text = f"is larger than {MAX_SOURCE_BYTES:,} bytes"
        raise InvalidInput([Problem(SourceLocation(str(path)), text, "is it the right file?", "file.long")])
    table, _, _ = parse_front_matter(decode_source(data, str(path)), str(path))
    if (value := table.value("guid")) is not None:
        problem = Problem(value.location, "already has a guid", "a guid never changes", "it.guid.stable")
        raise InvalidInput([problem])
    lines = re.split(rb"(?<=\n)|(?<=\r)(?!\n)", data)
    line_end = b"\r\n" if lines[0].endswith(b"\r\n") else b"\r" if lines[0].endswith(b"\r") else b"\n"
    guid_line = b"guid: " + yaml_scalar(guid).encode()
    if "guid" in table.locations:
        index = table.locations["guid"].line - 1
        edited_line = re.sub(rb"^guid[ \t]*:[ \t]*", lambda _: guid_line, lines[index])
        lines[index] = edited_line.replace(guid_line + b"#", guid_line + b" #")
    else:
        lines.insert(1, guid_line + line_end)
    edited = b"".join(lines)
    try:
        written = parse_front_matter(decode_source(edited, str(path)), str(path))[0].optional("guid", str, "")
    except InvalidInput:
        written = ""
    if written != guid:  # such as front matter that is a mapping in braces
        text, fix = (
            "the guid cannot be added automatically",
            f"add the line 'guid: {guid}' to the front matter yourself",
        )
        raise InvalidInput([Problem(SourceLocation(str(path), 1), text, fix, "key.missing")])
    atomic_write.write_inside(folder, episode_path, edited)


def write_draft_line(folder: Path, episode_path: str) -> None:
    """Write `draft: true` into an episode's front matter; all other bytes of the file stay.

    Raises InvalidInput where the file cannot be read or the line cannot be added, OperationError where it cannot be
    written.
    """
    path = folder / episode_path
    try:
        data = path.read_bytes()
    except OSError as error:
        raise OperationError(f"{path}: cannot be read: {error.strerror}") from None
    table, _, _ = parse_front_matter(decode_source(data, str(path)), str(path))
    lines = re.split(rb"(?<=\n)|(?<=\r)(?!\n)", data)
    line_end = b"\r\n" if lines[0].endswith(b"\r\n") else b"\r" if lines[0].endswith(b"\r") else b"\n"
    entry = table.entries.get("draft")
    line = b"draft: true" + line_end
    if entry:
        lines[entry.location.line - 1] = line
    else:
        lines.insert(1, line)
    edited = b"".join(lines)
    try:
        written = parse_front_matter(decode_source(edited, str(path)), str(path))[0].optional("draft", str, "")
    except InvalidInput:
        written = ""
    if written != "true":
        text, fix = "cannot be made a draft automatically", "add the line 'draft: true' to the front matter yourself"
        raise InvalidInput([Problem(SourceLocation(str(path), 1), text, fix, "key.missing")])
    atomic_write.write_inside(folder, episode_path, edited)
