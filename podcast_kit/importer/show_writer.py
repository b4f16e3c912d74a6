"""Write an imported show as the files of a show's folder: notes, podcast.lock, and podcast.yaml last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from posixpath import relpath

from podcast_kit.importer.downloads import DownloadedFiles
from podcast_kit.importer.model import ImportedEpisode, ImportedFeed, ImportedShow
from podcast_kit.io.atomic_write import flush_disk, write_atomic, write_error, write_many
from podcast_kit.io.pinned_folder import open_folder_inside
from podcast_kit.model import Element, EpisodeType, LockEntry, Media, Person
from podcast_kit.source import element_writer, lock, scaffold

_EPISODES_FOLDER = "episodes"


def write_imported_show(
    imported: ImportedFeed, downloads: DownloadedFiles, folder: Path, *, url: str, to: str, now: datetime | None = None
) -> tuple[Element, ...]:
    """Write the show into `folder`, to be published to `to` under `url`; returns the elements that cannot be written.

    Episodes that are dated after `now` are scheduled, and not in podcast.lock. podcast.yaml is written last, so a
    folder that has it is complete. Raises OperationError if writing fails.
    """
    not_written: list[Element] = []
    entries: list[LockEntry] = []

    def render_notes() -> Iterator[tuple[str, bytes]]:
        for episode in imported.episodes:
            elements = (*episode.elements, *_linked_elements(episode, downloads))
            lines, unsupported = element_writer.elements_to_yaml(elements, "item")
            not_written.extend(unsupported)
            if entry := _imported_lock_entry(episode, now):
                entries.append(entry)
            yield f"{episode.slug}.md", _render_episode(episode, downloads, lines).encode()

    try:
        folder.mkdir(parents=True, exist_ok=True)
        with open_folder_inside(folder, _EPISODES_FOLDER, create=True) as opened:
            write_many(opened.path_for_others(""), render_notes())
    except OSError as error:
        raise write_error(error, str(folder / _EPISODES_FOLDER)) from error
    flush_disk()
    write_atomic(folder / "podcast.lock", lock.render_lock(entries))
    lines, unsupported = element_writer.elements_to_yaml(imported.show.elements, "channel")
    write_atomic(folder / "podcast.yaml", _render_show_file(imported.show, downloads, lines, url, to).encode())
    return (*not_written, *unsupported)


def _render_show_file(show: ImportedShow, downloads: DownloadedFiles, lines: Sequence[str], url: str, to: str) -> str:
    extra_lines = [f"{key}: {'true' if value else 'false'}" for key, value in show.flags.items()]
    extra_lines += [f"copyright: {scaffold.yaml_scalar(show.copyright)}"] if show.copyright else []
    extra_lines += [_people_line(show.people)] if show.people else []
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
        artwork=downloads.paths.get(show.artwork, "") if show.artwork else "",
        explicit=show.explicit,
        serial=show.serial,
        to=to,
        apple=show.listen.get("apple", ""),
        spotify=show.listen.get("spotify", ""),
        listen=tuple(_listen_lines(show)),
        extra_lines=[*extra_lines, *lines],
    ).render()


def _listen_lines(show: ImportedShow) -> Iterator[str]:
    """The services other than those that every new show has a line for."""
    for service, value in show.listen.items():
        if service not in {"apple", "spotify"}:
            yield f"{service}: {scaffold.yaml_scalar(value)}"
    if show.links:
        links = [{"label": label or url, "url": url} for url, label in show.links.items()]
        yield f"custom: {scaffold.yaml_flow(links)}"


def _render_episode(episode: ImportedEpisode, downloads: DownloadedFiles, lines: Sequence[str]) -> str:
    notes_path = f"{_EPISODES_FOLDER}/{episode.slug}.md"
    image = downloads.paths.get(episode.artwork, "") if episode.artwork else ""
    return scaffold.render_episode_file(
        title=episode.title,
        guid=episode.guid,
        date=episode.date,
        audio="" if episode.recording in downloads.paths else episode.recording_url,
        number=episode.number,
        season=episode.season,
        summary=episode.summary,
        image=_relative_to_notes(image, notes_path),
        draft=episode.is_draft or episode.date is None,
        extra_lines=[*_detail_lines(episode, downloads, notes_path), *lines],
        notes=_link_copied_pictures(episode, downloads, notes_path) or episode.title,
    )


def _link_copied_pictures(episode: ImportedEpisode, downloads: DownloadedFiles, notes_path: str) -> str:
    """The notes, with the paths of pictures that were copied instead of their URLs."""
    notes = episode.notes
    for file in episode.pictures:
        if path := downloads.paths.get(file):
            notes = notes.replace(f"]({file.url})", f"]({_relative_to_notes(path, notes_path)})")
    return notes


def _detail_lines(episode: ImportedEpisode, downloads: DownloadedFiles, notes_path: str) -> Iterator[str]:
    if episode.type is not EpisodeType.FULL:
        yield f"type: {episode.type}"
    if episode.explicit is not None:
        yield f"explicit: {'true' if episode.explicit else 'false'}"
    if episode.chapters and episode.chapters in downloads.paths:
        yield f"chapters: {_relative_to_notes(downloads.paths[episode.chapters], notes_path)}"
    elif episode.chapter_list:
        yield f"chapters: {scaffold.yaml_flow(episode.chapter_list)}"
    transcripts = [
        _relative_to_notes(downloads.paths[file], notes_path) for file in episode.transcripts if file in downloads.paths
    ]
    if transcripts:
        yield f"transcript: {scaffold.yaml_flow(transcripts)}"
    if episode.people:
        yield _people_line(episode.people)
    if episode.aliases:
        yield f"aliases: {scaffold.yaml_flow(episode.aliases)}"
    if episode.tags:
        yield f"tags: {scaffold.yaml_flow(episode.tags)}"


def _linked_elements(episode: ImportedEpisode, downloads: DownloadedFiles) -> Iterator[Element]:
    """The elements of images, chapters and transcripts that stay where they are, because nothing was downloaded."""
    for file in episode.required_files:
        is_replaced = file is episode.chapters and episode.chapter_list
        if file.element and not is_replaced and file not in downloads.paths and file not in downloads.failed:
            yield file.element


def _people_line(people: Sequence[Person]) -> str:
    rows = [
        {key: str(value) for key in ("name", "role", "group", "url", "image") if (value := getattr(person, key))}
        for person in people
    ]
    for row in rows:
        if row.get("image", "").startswith("http:"):
            del row["image"]  # pictures must have https URLs
    return f"people: {scaffold.yaml_flow(rows)}"


def _relative_to_notes(path: str, notes_path: str) -> str:
    return relpath(path, notes_path.rpartition("/")[0]) if path else ""


def _imported_lock_entry(episode: ImportedEpisode, now: datetime | None) -> LockEntry | None:
    """What subscribers have: the guid, and the audio at its current URL; None for a draft or a scheduled episode."""
    if episode.date is None or episode.is_draft or (now and episode.date > now):
        return None
    media = Media(key=episode.recording_url, sha256="", bytes=episode.bytes, mime=episode.mime, seconds=episode.seconds)
    return LockEntry(
        slug=episode.slug, guid=episode.guid, date=episode.date.astimezone(UTC), source_sha256="", media=media
    )
