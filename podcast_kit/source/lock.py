"""podcast.lock: the guid, date and enclosure of each published episode. YAML, one entry per episode.

version: 1
episodes:
  - slug: 001-more-social
    guid: 5b322f44-25b3-4fbd-8b64-22c5a5b52877
    date: 2026-10-05T05:00:00+00:00
    source: <sha256 of the recording>
    was: [001-social]      (former slugs, if its notes were renamed)
    media:
      key: media/0f3a.../001-more-social.mp3
      sha256: ...
      bytes: 381234
      seconds: 61.152
      mime: audio/mpeg
      head: 41520          (bytes before the audio, and up to the end of its first minute: what a download needs)
      minute: 1001520
    chapters:              (chapters inside the recording: start in ms, title, url, toc)
    alternate:             (the same episode in another format, if any: as media, with bit_rate)
    soundbites:            (clips: start and length in ms, media)
    members:               (another recording for members: source, media, loudness, true_peak, shift)
    social:                (the show's posts about it: protocol, uri, account, account_url, url, priority)
    loudness: -16.1        (LUFS, if mastered; with true_peak in dBTP and shift in seconds)
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
from podcast_kit.io.inside import is_inside
from podcast_kit.model import Chapter, LockEntry, Media, MembersAudio, SocialPost, Soundbite
from podcast_kit.source.episode import to_slug
from podcast_kit.source.social_posts import AT_URI, SOCIAL_PROTOCOLS
from podcast_kit.source.yaml import InvalidValue, Table, converters, decode_source, parse_yaml_table, read_source_file
from podcast_kit.text.dates import format_utc_iso

LOCK_HEADER = (
    "# What is published, and under which guid. Written by podcast-kit at each publish: commit it, do not edit it.\n"
)
LOCK_VERSION = "1"
"""Raised when an older podcast-kit would lose or misread an entry; a new key alone does not raise it."""
MAX_LOCK_BYTES = 20_000_000
"""Forty thousand episodes."""
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/+-]*|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+\+00:00", re.ASCII)
_MEDIA_KEY = re.compile(r"media(?:/[^/\\:\x00-\x1f]{1,255}){1,4}")
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_MERGE_MARKER = re.compile(r"^(<{7}|={7}|>{7}|\|{7})(?: |$)", re.MULTILINE)
_RESTORE_FIX = "restore podcast.lock from version control as it was after the last publish"


def read_lock(path: Path) -> tuple[LockEntry, ...]:
    """The entries of a lock, none without a file; raises InvalidInput when it is damaged, or a link out of the show."""
    if not is_inside(path.parent, path):
        text, fix = "leads out of the show's folder", "replace the link by the file"
        raise InvalidInput([Problem(SourceLocation(path.name), text, fix, "path.outside")])
    if not path.exists():
        return ()
    return parse_lock(read_source_file(path, path.name, MAX_LOCK_BYTES), path.name)


@lru_cache(maxsize=1)
def parse_lock(data: bytes, path: str = "podcast.lock") -> tuple[LockEntry, ...]:
    """The entries in a lock's bytes; raises InvalidInput.

    The last result is kept: the preview server reads the lock at every change of a file, and it rarely changes.
    """
    source = decode_source(data, path, MAX_LOCK_BYTES)
    if marker := _MERGE_MARKER.search(source):
        line = source.count("\n", 0, marker.start()) + 1
        fix = "keep the entries of both sides, each once, and delete the marker lines"
        text = f"unfinished merge: {marker[1]!r}"
        raise InvalidInput([Problem(SourceLocation(path, line), text, fix, "lock.conflict")])
    try:
        return _lock_entries(parse_yaml_table(source, path, max_values=MAX_LOCK_BYTES))
    except InvalidInput as error:
        newer = [problem for problem in error.problems if problem.code == "lock.newer"]
        if newer:  # the other problems may come from the new format
            raise InvalidInput(newer) from None
        raise InvalidInput(
            Problem(problem.location, problem.text, _RESTORE_FIX, "lock.damaged", problem.severity)
            for problem in error.problems
        ) from None


def render_lock(entries: Iterable[LockEntry]) -> bytes:
    """A lock's bytes, sorted by date and slug, so that a new episode adds a few lines at the end."""
    lines = [LOCK_HEADER, f"version: {LOCK_VERSION}\n"]
    ordered = sorted(entries, key=lambda entry: (entry.date, entry.slug))
    lines.append("episodes:\n" if ordered else "episodes: []\n")
    for entry in ordered:
        lines.append(
            f"  - slug: {_quote_scalar(entry.slug)}\n"
            f"    guid: {_quote_scalar(entry.guid)}\n"
            f"    date: {format_utc_iso(entry.date)}\n"
            f"    source: {_quote_scalar(entry.source_sha256)}\n"
            f"{_recording_line(entry.source_address, 4)}"
            f"{_former_slugs_line(entry.former_slugs)}"
            f"    media:\n{_media_lines(entry.media, 6)}"
        )
        lines += [f"    alternate:\n{_media_lines(entry.alternate, 6)}"] if entry.alternate else []
        lines += [_members_lines(entry.members)] if entry.members else []
        clips = [(soundbite, soundbite.media) for soundbite in entry.soundbites if soundbite.media]
        lines += ["    soundbites:\n"] if clips else []
        for soundbite, media in clips:
            lines.append(f"      - start: {soundbite.start_ms}\n        length: {soundbite.length_ms}\n")
            lines.append(f"        media:\n{_media_lines(media, 10)}")
        numbers = {"loudness": entry.loudness, "true_peak": entry.true_peak, "shift": entry.shift or None}
        lines += [f"    {name}: {number!r}\n" for name, number in numbers.items() if number is not None]
        lines += ["    social:\n"] if entry.social else []
        lines += [_social_lines(post) for post in entry.social]
        lines += ["    chapters:\n"] if entry.chapters else []
        for chapter in entry.chapters:
            lines.append(f"      - start: {chapter.start_ms}\n        title: {_quote_scalar(chapter.title)}\n")
            lines += [f"        url: {_quote_scalar(chapter.url)}\n"] if chapter.url else []
            lines += [] if chapter.toc else ["        toc: false\n"]
    return "".join(lines).encode()


def _recording_line(address: str, indent: int) -> str:
    return f"{' ' * indent}recording: {_quote_scalar(address)}\n" if address else ""


def _former_slugs_line(slugs: tuple[str, ...]) -> str:
    return f"    was: [{', '.join(map(_quote_scalar, slugs))}]\n" if slugs else ""


def _media_lines(media: Media, indent: int) -> str:
    lines = [
        f"key: {_quote_scalar(media.key)}",
        f"sha256: {_quote_scalar(media.sha256)}",
        f"bytes: {media.bytes}",
        f"seconds: {media.seconds!r}",
        f"mime: {_quote_scalar(media.mime)}",
        *([f"bit_rate: {media.bit_rate}"] if media.bit_rate else []),
        *([f"head: {media.head_bytes}", f"minute: {media.minute_bytes}"] if media.minute_bytes else []),
    ]
    return "".join(f"{' ' * indent}{line}\n" for line in lines)


def _members_lines(members: MembersAudio) -> str:
    numbers = {"loudness": members.loudness, "true_peak": members.true_peak, "shift": members.shift or None}
    lines = [f"      {name}: {number!r}\n" for name, number in numbers.items() if number is not None]
    source = _quote_scalar(members.source_sha256)
    source += f"\n{_recording_line(members.source_address, 6)}".rstrip("\n")
    return f"    members:\n      source: {source}\n      media:\n{_media_lines(members.media, 8)}{''.join(lines)}"


def _social_lines(post: SocialPost) -> str:
    rows = {
        "protocol": post.protocol,
        "uri": post.uri,
        "account": post.account,
        "account_url": post.account_url,
        "url": post.url,
    }
    lines = [f"{key}: {_quote_scalar(value)}\n" for key, value in rows.items() if value]
    lines += [f"priority: {post.priority}\n"] if post.priority else []
    return f"      - {'        '.join(lines)}"


def _lock_entries(table: Table) -> tuple[LockEntry, ...]:
    version = table.required("version", str, LOCK_VERSION)
    if version != LOCK_VERSION:
        text = f"was written by a newer podcast-kit (version {version})"
        table.error(table.locations["version"], text, "update podcast-kit", "lock.newer")
    entries = [entry for inner in table.tables("episodes", "this entry") if (entry := _entry_from_lock(inner))]
    for key in ("slug", "guid"):
        seen: set[str] = set()
        for entry, value in zip(entries, table.values("episodes"), strict=False):
            identity = entry.slug if key == "slug" else entry.guid
            if identity in seen:
                table.error(value.location, f"duplicate {key} {identity!r}", "", "lock.damaged")
            seen.add(identity)
    table.finish()
    if table.problems:
        raise InvalidInput(table.problems)
    return tuple(entries)


def _chapter_from_lock(table: Table) -> Chapter:
    chapter = Chapter(
        start_ms=table.required("start", _to_lock_count, 0),
        title=table.required("title", str, ""),
        url=table.optional("url", str, ""),
        toc=table.optional("toc", converters.to_flag, default=True),
    )
    table.finish()
    return chapter


def _media_from_lock(table: Table) -> Media:
    media = Media(
        key=table.required("key", _to_media_key, ""),
        sha256=table.required("sha256", str, ""),
        bytes=table.required("bytes", _to_lock_count, 0),
        mime=table.required("mime", str, ""),
        seconds=table.required("seconds", _to_lock_seconds, 0.0),
        bit_rate=table.optional("bit_rate", _to_lock_count, 0),
        head_bytes=table.optional("head", _to_lock_count, 0),
        minute_bytes=table.optional("minute", _to_lock_count, 0),
    )
    table.finish()
    return media


def _members_audio_from_lock(table: Table) -> MembersAudio | None:
    media = table.table("media", "media")
    if media is None:
        table.report_missing("media")
        return None
    members = MembersAudio(
        source_sha256=table.required("source", str, ""),
        source_address=table.optional("recording", str, ""),
        media=_media_from_lock(media),
        loudness=table.optional("loudness", _to_lock_number, None),
        true_peak=table.optional("true_peak", _to_lock_number, None),
        shift=table.optional("shift", _to_lock_number, 0.0) or 0.0,
    )
    table.finish()
    return members


def _soundbite_from_lock(table: Table) -> Soundbite | None:
    media = table.table("media", "media")
    if media is None:
        table.report_missing("media")
        return None
    soundbite = Soundbite(
        start_ms=table.required("start", _to_lock_count, 0),
        length_ms=table.required("length", _to_lock_count, 0),
        media=_media_from_lock(media),
    )
    table.finish()
    return soundbite


def _social_post_from_lock(table: Table) -> SocialPost:
    protocol = table.required("protocol", _to_lock_protocol, "")
    post = SocialPost(
        uri=table.required("uri", _to_at_uri if protocol == "atproto" else converters.to_url, ""),
        protocol=protocol,
        account=table.optional("account", converters.to_line, ""),
        account_url=table.optional("account_url", converters.to_url, ""),
        url=table.optional("url", converters.to_url, ""),
        priority=table.optional("priority", _to_lock_count, 0),
    )
    table.finish()
    return post


def _entry_from_lock(table: Table) -> LockEntry | None:
    media, alternate = table.table("media", "media"), table.table("alternate", "alternate")
    if media is None:
        table.report_missing("media")
        return None
    members = table.table("members", "members")
    entry = LockEntry(
        slug=table.required("slug", str, ""),
        guid=table.required("guid", str, ""),
        date=table.required("date", _to_lock_date, datetime.fromtimestamp(0, UTC)),
        source_sha256=table.required("source", str, ""),
        source_address=table.optional("recording", str, ""),
        media=_media_from_lock(media),
        former_slugs=table.list_of("was", to_slug),
        alternate=_media_from_lock(alternate) if alternate else None,
        soundbites=tuple(
            soundbite
            for inner in table.tables("soundbites", "this soundbite")
            if (soundbite := _soundbite_from_lock(inner))
        ),
        members=_members_audio_from_lock(members) if members else None,
        social=tuple(_social_post_from_lock(inner) for inner in table.tables("social", "this post")),
        chapters=tuple(_chapter_from_lock(inner) for inner in table.tables("chapters", "this chapter")),
        loudness=table.optional("loudness", _to_lock_number, None),
        true_peak=table.optional("true_peak", _to_lock_number, None),
        shift=table.optional("shift", _to_lock_number, 0.0) or 0.0,
    )
    table.finish()
    return entry


def _to_lock_protocol(raw: str) -> str:
    if raw not in SOCIAL_PROTOCOLS:
        raise InvalidValue(f"{raw[:200]!r} is not a protocol of posts", "", "lock.damaged")
    return raw


def _to_at_uri(raw: str) -> str:
    if not AT_URI.fullmatch(raw):
        raise InvalidValue(f"{raw[:200]!r} is not the address of a post", "", "lock.damaged")
    return raw


def _to_media_key(raw: str) -> str:
    """The key of published audio: below media/, or a URL; rejects anything else, as anyone may have edited the lock."""
    if "://" in raw:
        converters.to_url(raw)
    elif not (_MEDIA_KEY.fullmatch(raw) and not {".", ".."}.intersection(raw.split("/"))):
        raise InvalidValue(f"{raw[:200]!r} is not a key of published audio", "", "lock.damaged")
    return raw


def _to_lock_date(raw: str) -> datetime:
    try:
        date = datetime.fromisoformat(raw)
        date.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidValue(f"{raw!r} is not a date", "", "lock.damaged") from None
    if date.tzinfo is None:
        raise InvalidValue(f"{raw!r} has no offset", "", "lock.damaged")
    return date


def _to_lock_count(raw: str) -> int:
    if not re.fullmatch(r"[0-9]{1,18}", raw):
        raise InvalidValue(f"{raw!r} is not a whole number", "", "lock.damaged")
    return int(raw)


def _to_lock_seconds(raw: str) -> float:
    seconds = _to_finite_float(raw)
    if seconds is None or seconds < 0:
        raise InvalidValue(f"{raw!r} is not a number of seconds", "", "lock.damaged")
    return seconds


def _to_lock_number(raw: str) -> float:
    number = _to_finite_float(raw)
    if number is None:
        raise InvalidValue(f"{raw!r} is not a number", "", "lock.damaged")
    return number


def _to_finite_float(raw: str) -> float | None:
    try:
        number = float(raw)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _quote_scalar(text: str) -> str:
    """A YAML scalar, in quotes where YAML could read it as something else than text."""
    if _PLAIN.fullmatch(text):
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", quoted)
