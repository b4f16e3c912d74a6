"""podcast.lock: which guid, date and enclosure each published episode has. YAML, one entry an episode.

version: 1
episodes:
  - slug: 001-more-social
    guid: 5b322f44-25b3-4fbd-8b64-22c5a5b52877
    date: 2026-10-05T05:00:00+00:00
    source: <sha256 of the recording>
    was: [001-social]      (slugs that it had before, where its notes were renamed)
    media:
      key: media/0f3a.../001-more-social.mp3
      sha256: ...
      bytes: 381234
      seconds: 61.152
      mime: audio/mpeg
    chapters:              (those that the recording itself carried: start in ms, title, url, toc)
    alternate:             (the same in another format, where one was made; as media, and its bit_rate)
    soundbites:            (what was cut of it: start and length in ms, media)
    loudness: -16.1        (LUFS, of what was mastered; with true_peak in dBTP and shift in seconds)
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from podcast_kit.errors import InvalidInput, Problem, SourceLocation
from podcast_kit.model import Chapter, LockEntry, Media, Soundbite
from podcast_kit.source.episode import own_slug
from podcast_kit.source.yaml import converters
from podcast_kit.source.yaml.document import Table, Wrong, contents, decode, yaml_table
from podcast_kit.text.dates import format_utc_iso

HEAD = "# What is published, and under which guid. Written by podcast-kit at each publish: commit it, do not edit it.\n"
VERSION = "1"
"""Raised when an older podcast-kit would lose or misread what is written; a key more is none of that."""
MAX_BYTES = 20_000_000
"""Forty thousand episodes."""
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/+-]*|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+\+00:00", re.ASCII)
_MEDIA = re.compile(r"media(?:/[^/\\:\x00-\x1f]{1,255}){1,4}")
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_MARKERS = re.compile(r"^(<{7}|={7}|>{7}|\|{7})(?: |$)", re.MULTILINE)
_MEND = "take podcast.lock from your version control as it was after the last publish"


def read(path: Path) -> tuple[LockEntry, ...]:
    """The entries of a lock, none where there is no file; raises InvalidInput when it is damaged."""
    if not path.exists():
        return ()
    return parse(contents(path, path.name, MAX_BYTES), path.name)


@lru_cache(maxsize=1)
def parse(data: bytes, path: str = "podcast.lock") -> tuple[LockEntry, ...]:
    """The entries that a lock's bytes hold; raises InvalidInput.

    Those of the last one are kept: who serves reads it at every save, and it seldom changed.
    """
    source = decode(data, path, MAX_BYTES)
    if marker := _MARKERS.search(source):
        line = source.count("\n", 0, marker.start()) + 1
        hint = "keep the entries of both sides, each once, and delete the marker lines"
        text = f"an unfinished merge: {marker[1]!r}"
        raise InvalidInput([Problem(SourceLocation(path, line), text, hint, "lock.conflict")])
    try:
        table = yaml_table(source, path, most=MAX_BYTES)
        entries = _entries(table)
    except InvalidInput as error:
        newer = [one for one in error.problems if one.code == "lock.newer"]  # then nothing else of it can be trusted
        damaged = [Problem(one.location, one.text, _MEND, "lock.damaged", one.severity) for one in error.problems]
        raise InvalidInput(newer or damaged) from None
    return entries


def render(entries: Iterable[LockEntry]) -> bytes:
    """A lock's bytes, by date and then slug, so that a new episode is a few new lines at the end."""
    lines = [HEAD, f"version: {VERSION}\n"]
    ordered = sorted(entries, key=lambda entry: (entry.date, entry.slug))
    lines.append("episodes:\n" if ordered else "episodes: []\n")
    for entry in ordered:
        lines.append(
            f"  - slug: {_written(entry.slug)}\n"
            f"    guid: {_written(entry.guid)}\n"
            f"    date: {format_utc_iso(entry.date)}\n"
            f"    source: {_written(entry.source_sha256)}\n"
            f"{_was_line(entry.former_slugs)}"
            f"    media:\n{_media_lines(entry.media, 6)}"
        )
        lines += [f"    alternate:\n{_media_lines(entry.alternate, 6)}"] if entry.alternate else []
        cut = [(one, one.media) for one in entry.soundbites if one.media]
        lines += ["    soundbites:\n"] if cut else []
        for one, media in cut:
            lines.append(f"      - start: {one.start_ms}\n        length: {one.length_ms}\n")
            lines.append(f"        media:\n{_media_lines(media, 10)}")
        figures = {"loudness": entry.loudness, "true_peak": entry.true_peak, "shift": entry.shift or None}
        lines += [f"    {name}: {value!r}\n" for name, value in figures.items() if value is not None]
        lines += ["    chapters:\n"] if entry.chapters else []
        for chapter in entry.chapters:
            lines.append(f"      - start: {chapter.start_ms}\n        title: {_written(chapter.title)}\n")
            lines += [f"        url: {_written(chapter.url)}\n"] if chapter.url else []
            lines += [] if chapter.toc else ["        toc: false\n"]
    return "".join(lines).encode()


def _was_line(slugs: tuple[str, ...]) -> str:
    return f"    was: [{', '.join(map(_written, slugs))}]\n" if slugs else ""


def _media_lines(media: Media, indent: int) -> str:
    lines = [
        f"key: {_written(media.key)}",
        f"sha256: {_written(media.sha256)}",
        f"bytes: {media.bytes}",
        f"seconds: {media.seconds!r}",
        f"mime: {_written(media.mime)}",
        *([f"bit_rate: {media.bit_rate}"] if media.bit_rate else []),
    ]
    return "".join(f"{' ' * indent}{line}\n" for line in lines)


def _entries(table: Table) -> tuple[LockEntry, ...]:
    version = table.need("version", str, VERSION)
    if version != VERSION:
        text = f"written by a newer podcast-kit: version {version}"
        table.reject(table.places["version"], text, "update podcast-kit", "lock.newer")
    found = [entry for inner in table.tables("episodes", "this entry") if (entry := _entry(inner))]
    for key in ("slug", "guid"):
        seen: set[str] = set()
        for entry, inner in zip(found, table.values("episodes"), strict=False):
            said = entry.slug if key == "slug" else entry.guid
            if said in seen:
                table.reject(inner.place, f"{key} {said!r} is there twice", "", "lock.damaged")
            seen.add(said)
    table.close()
    if table.problems:
        raise InvalidInput(table.problems)
    return tuple(found)


def _chapter(table: Table) -> Chapter:
    said = Chapter(
        start_ms=table.need("start", _count, 0),
        title=table.need("title", str, ""),
        url=table.take("url", str, ""),
        toc=table.take("toc", converters.flag, default=True),
    )
    table.close()
    return said


def _media(table: Table) -> Media:
    said = Media(
        key=table.need("key", _key, ""),
        sha256=table.need("sha256", str, ""),
        bytes=table.need("bytes", _count, 0),
        mime=table.need("mime", str, ""),
        seconds=table.need("seconds", _seconds, 0.0),
        bit_rate=table.take("bit_rate", _count, 0),
    )
    table.close()
    return said


def _soundbite(table: Table) -> Soundbite | None:
    media = table.table("media", "media")
    if media is None:
        table.missing("media")
        return None
    said = Soundbite(
        start_ms=table.need("start", _count, 0), length_ms=table.need("length", _count, 0), media=_media(media)
    )
    table.close()
    return said


def _entry(table: Table) -> LockEntry | None:
    media, alternate = table.table("media", "media"), table.table("alternate", "alternate")
    if media is None:
        table.missing("media")
        return None
    said = LockEntry(
        slug=table.need("slug", str, ""),
        guid=table.need("guid", str, ""),
        date=table.need("date", _date, datetime.fromtimestamp(0, UTC)),
        source_sha256=table.need("source", str, ""),
        media=_media(media),
        former_slugs=table.each("was", own_slug),
        alternate=_media(alternate) if alternate else None,
        soundbites=tuple(
            found for inner in table.tables("soundbites", "this soundbite") if (found := _soundbite(inner))
        ),
        chapters=tuple(_chapter(inner) for inner in table.tables("chapters", "this chapter")),
        loudness=table.take("loudness", _figure, None),
        true_peak=table.take("true_peak", _figure, None),
        shift=table.take("shift", _figure, 0.0) or 0.0,
    )
    table.close()
    return said


def _key(raw: str) -> str:
    """Where published audio lies: below media/, or at an address of its own; whoever wrote it, nowhere else."""
    if "://" in raw:
        converters.url(raw)
    elif not (_MEDIA.fullmatch(raw) and not {".", ".."}.intersection(raw.split("/"))):
        raise Wrong(f"{raw[:200]!r} is no place where published audio lies", "", "lock.damaged")
    return raw


def _date(raw: str) -> datetime:
    try:
        when = datetime.fromisoformat(raw)
        when.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Wrong(f"{raw!r} is not a date", "", "lock.damaged") from None
    if when.tzinfo is None:
        raise Wrong(f"{raw!r} has no offset", "", "lock.damaged")
    return when


def _count(raw: str) -> int:
    if not re.fullmatch(r"[0-9]{1,18}", raw):
        raise Wrong(f"{raw!r} is not a number of bytes", "", "lock.damaged")
    return int(raw)


def _seconds(raw: str) -> float:
    try:
        seconds = float(raw)
    except ValueError:
        seconds = math.nan
    if not (math.isfinite(seconds) and seconds >= 0):
        raise Wrong(f"{raw!r} is not a number of seconds", "", "lock.damaged")
    return seconds


def _figure(raw: str) -> float:
    try:
        number = float(raw)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise Wrong(f"{raw!r} is not a number", "", "lock.damaged")
    return number


def _written(text: str) -> str:
    """A scalar, in quotes where YAML or a reader's eye might take it for something else."""
    if _PLAIN.fullmatch(text):
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)
