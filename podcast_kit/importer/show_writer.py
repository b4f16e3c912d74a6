"""An imported show as the files that a podcaster writes: notes, podcast.lock, and podcast.yaml last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC
from pathlib import Path
from posixpath import relpath

from podcast_kit.importer.downloads import Fetched
from podcast_kit.importer.model import Imported, ImportedEpisode, ImportedShow
from podcast_kit.io import atomic_write
from podcast_kit.model import Element, EpisodeType, Media, Person, LockEntry
from podcast_kit.source import element_writer, lock, scaffold

EPISODES = "episodes"


def write(imported: Imported, fetched: Fetched, folder: Path, *, url: str, to: str) -> tuple[Element, ...]:
    """Write the show into `folder`, to be published to `to` under `url`; the elements that no key could say.

    podcast.yaml comes last, so that a folder with it is whole. Raises Failed when the disk refuses.
    """
    unsaid: list[Element] = []
    for one in imported.episodes:
        lines, more = element_writer.lines(one.elements, "item")
        unsaid += more
        atomic_write.write(folder / EPISODES / f"{one.slug}.md", _episode(one, fetched, lines).encode())
    entries = [entry for one in imported.episodes if (entry := _published(one))]
    atomic_write.write(folder / "podcast.lock", lock.render(entries))
    lines, more = element_writer.lines(imported.show.elements, "channel")
    atomic_write.write(folder / "podcast.yaml", _show(imported.show, fetched, lines, url, to).encode())
    return (*unsaid, *more)


def _show(show: ImportedShow, fetched: Fetched, lines: Sequence[str], url: str, to: str) -> str:
    more = [f"{key}: true" for key in show.true]
    more += [f"copyright: {scaffold.written(show.copyright)}"] if show.copyright else []
    more += [_people(show.people)] if show.people else []
    return scaffold.NewShow(
        title=show.title,
        description=show.description,
        author=show.author,
        url=url,
        guid=show.guid,
        owner=show.owner_name,
        email=show.owner_email,
        language=show.language,
        categories=show.categories,
        artwork=fetched.paths.get(show.artwork, "") if show.artwork else "",
        explicit=show.explicit,
        serial=show.serial,
        to=to,
        apple=show.listen.get("apple", ""),
        spotify=show.listen.get("spotify", ""),
        listen=tuple(_listen(show)),
        more=[*more, *lines],
    ).text()


def _listen(show: ImportedShow) -> Iterator[str]:
    """The services beside those that every new show is asked for."""
    for service, address in show.listen.items():
        if service not in {"apple", "spotify"}:
            yield f"{service}: {scaffold.written(address)}"
    if show.links:
        links = [{"label": label or address, "url": address} for address, label in show.links.items()]
        yield f"custom: {scaffold.flow(links)}"


def _episode(one: ImportedEpisode, fetched: Fetched, lines: Sequence[str]) -> str:
    here = f"{EPISODES}/{one.slug}.md"
    image = fetched.paths.get(one.artwork, "") if one.artwork else ""
    return scaffold.episode_text(
        title=one.title,
        guid=one.guid,
        date=one.date,
        audio="" if one.recording in fetched.paths else one.home,
        number=one.number,
        season=one.season,
        summary=one.summary,
        image=_beside(image, here),
        draft=one.date is None,
        more=[*_details(one, fetched, here), *lines],
        notes=one.notes or one.title,
    )


def _details(one: ImportedEpisode, fetched: Fetched, here: str) -> Iterator[str]:
    if one.type is not EpisodeType.FULL:
        yield f"type: {one.type}"
    if one.explicit is not None:
        yield f"explicit: {'true' if one.explicit else 'false'}"
    if one.chapters and one.chapters in fetched.paths:
        yield f"chapters: {_beside(fetched.paths[one.chapters], here)}"
    if given := [_beside(fetched.paths[each], here) for each in one.transcripts if each in fetched.paths]:
        yield f"transcript: {scaffold.flow(given)}"
    if one.people:
        yield _people(one.people)
    if one.tags:
        yield f"tags: {scaffold.flow(one.tags)}"


def _people(people: Sequence[Person]) -> str:
    said = [
        {key: value for key in ("name", "role", "group", "url", "image") if (value := getattr(person, key))}
        for person in people
    ]
    return f"people: {scaffold.flow(said)}"


def _beside(path: str, here: str) -> str:
    return relpath(path, here.rpartition("/")[0]) if path else ""


def _published(one: ImportedEpisode) -> LockEntry | None:
    """What subscribers have: the guid, and the recording where it is now."""
    if one.date is None:
        return None
    media = Media(key=one.home, sha256="", bytes=one.bytes, mime=one.mime, seconds=one.seconds)
    return LockEntry(slug=one.slug, guid=one.guid, date=one.date.astimezone(UTC), source_sha256="", media=media)
