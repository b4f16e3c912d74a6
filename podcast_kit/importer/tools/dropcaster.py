"""dropcaster: a folder of MP3 files and a channel.yml.

Its feed makes the guid from the SHA-1 of the whole file (lib/dropcaster/item.rb), so it is computed before the file is
tagged; title, author, summary and date are those of the file's tags.
"""

from __future__ import annotations

import hashlib
import os
import re
from datetime import UTC, datetime
from posixpath import basename
from urllib.parse import quote

from podcast_kit import audio
from podcast_kit.errors import InvalidInput, PodcastKitError, Problem, Severity
from podcast_kit.importer.elements import join_url
from podcast_kit.importer.tools.data_files import Fields, read_fields
from podcast_kit.importer.tools.hugo import in_utc
from podcast_kit.importer.tools.model import NO_SITE_URL, Recognition, ToolEpisode, ToolShow
from podcast_kit.importer.tools.nodes import make_node
from podcast_kit.importer.tools.source_folder import SourceFolder
from podcast_kit.io.inside import open_inside

_CHANNEL_FILES = ("channel.yml", "channel.yaml", "dropcaster.yml")
_HASH_BLOCK_BYTES = 1 << 20


def recognize_dropcaster(folder: SourceFolder) -> Recognition | None:
    """Whether a folder is a show of dropcaster, and by which files."""
    channel = folder.find(*_CHANNEL_FILES)
    if not channel:
        return None
    recordings = folder.matching("*.mp3")
    return Recognition("dropcaster", (channel, *recordings[:1]))


def read_dropcaster(folder: SourceFolder, recognition: Recognition, _now: datetime) -> ToolShow:
    """The show of dropcaster; raises InvalidInput where channel.yml cannot be read."""
    path = recognition.evidence[0]
    location = folder.location(path)
    channel = read_fields(folder.read_bytes(path), location, "yaml")
    show = ToolShow(recognition=recognition, location=location, guid_rule="the SHA-1 of each file")
    site = channel.text("url")
    base = f"{site.rstrip('/')}/" if site else NO_SITE_URL
    show.title, show.subtitle = channel.text("title"), channel.text("subtitle")
    show.description = channel.text("description") or show.subtitle
    show.author, show.language = channel.text("author"), channel.text("language")
    owner = channel.table("owner")
    show.owner_name, show.owner_email = owner.text("name"), owner.text("email")
    show.copyright, show.explicit, show.link = channel.text("copyright"), channel.text("explicit"), site
    show.image_url = join_url(base, channel.text("image_url")) if channel.text("image_url") else ""
    if show.image_url and (local := folder.find(channel.text("image_url"), basename(channel.text("image_url")))):
        show.files[show.image_url] = local
    show.categories = tuple(_read_categories(channel))
    keywords = ", ".join(channel.texts("keywords"))
    show.extra = (make_node("itunes:keywords", keywords, location=location),) if keywords else ()
    enclosures = channel.text("enclosures_url") or base
    for recording in folder.matching("*.mp3"):
        try:
            show.episodes.append(_read_recording(folder, recording, f"{enclosures.rstrip('/')}/", show))
        except PodcastKitError as error:
            text = error.problems[0].text if error.problems else error.text
            show.warn(folder.location(recording), f"is left out: {text}", "check the file")
    show.left_out.update(f"key {key}" for key in channel.unread())
    return show


def _read_categories(channel: Fields) -> list[tuple[str, str]]:
    """Categories: a text, or a list of category and subcategory."""
    categories = []
    for value in channel.values("categories", "category"):
        if isinstance(value.content, str):
            categories.append((value.content, ""))
        elif isinstance(value.content, list):
            names = [item.content for item in value.content if isinstance(item.content, str)]
            categories.append((names[0], names[-1] if len(names) > 1 else "")) if names else None
    return categories


def _read_recording(folder: SourceFolder, path: str, enclosures: str, show: ToolShow) -> ToolEpisode:
    """The episode of a file; raises PodcastKitError where it cannot be read."""
    location = folder.location(path)
    digest = hashlib.sha1(usedforsecurity=False)
    try:
        with open_inside(folder.path, path) as file:
            status = os.fstat(file.fileno())
            while block := file.read(_HASH_BLOCK_BYTES):
                digest.update(block)
    except OSError as error:
        raise InvalidInput([Problem(location, f"cannot be read: {error.strerror}", "", "file.read")]) from None
    tags = audio.read_tags(folder.path / path)
    measured = audio.probe_audio(folder.path / path)
    texts = dict(tags.fields)
    date = tags.date if re.match(r"\d{4}-\d{2}-\d{2}", tags.date) else ""
    has_guessed_date = not date
    if not date:
        date = datetime.fromtimestamp(status.st_mtime, UTC).replace(microsecond=0).isoformat()
        text = f"has no release date in its tags: the time of the file is used, {date}"
        show.warn(location, text, "pass the live feed with --feed, or set `date:`", Severity.WARNING)
    url = f"{enclosures}{quote(path)}"
    show.files[url] = path
    comments = (value for name, value in tags.fields if name == "TXXX")
    subtitle = next((text.partition(": ")[2] for text in comments if text.startswith("SUBTITLE: ")), "")
    return ToolEpisode(
        location=location,
        title=tags.title or basename(path),
        guid=digest.hexdigest(),
        date=in_utc(date),
        has_guessed_date=has_guessed_date,
        recording_url=url,
        length=str(status.st_size),
        mime="audio/mpeg",
        duration=str(int(measured.seconds)),
        author=tags.author,
        subtitle=subtitle,
        summary=texts.get("TIT3") or tags.summary,
        number=str(tags.number or ""),
        season=str(tags.season or ""),
    )
