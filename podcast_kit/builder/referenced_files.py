"""Files that podcast.yaml and the front matter name besides the audio: portraits, banners, alternate enclosures.

Each is published under its digest, and its public URL replaces its path.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path

from podcast_kit.builder.cache import text_kind
from podcast_kit.builder.images import PATH_FIX, publish_image_file, resolve_in_show
from podcast_kit.builder.output_dir import OutputDir
from podcast_kit.errors import InvalidInput, PodcastKitError, Problem, SourceLocation
from podcast_kit.io.mime import MEDIA_TYPES, guess_content_type
from podcast_kit.model import SHOW_FILE, Element, Episode, LocalFile, Person, Project, RemoteUrl, public_url
from podcast_kit.namespaces import TAGS
from podcast_kit.source.elements import URL_START

MEDIA_FIX = "name an audio or video file, such as talk.opus or talk.webm"
ALTERNATE_ENCLOSURE = "podcast:alternateEnclosure"
INTEGRITIES = text_kind("integrity")


def publish_referenced_files(project: Project, out: OutputDir, *, later: Collection[Episode] = ()) -> Project:
    """The project with public URLs in place of paths; raises InvalidInput with every file that does not exist.

    Of the episodes that come `later` nothing is published yet, but missing files are reported.
    """
    files = _ReferencedFiles(project, out)
    people_location = project.show.locations.get("people", SourceLocation("podcast.yaml"))
    show = replace(
        project.show,
        people=files.publish_portraits(project.show.people, people_location),
        elements=files.publish_elements(project.show.elements),
    )
    later_slugs = {episode.slug for episode in later}
    episodes: list[Episode] = []
    for episode in project.episodes:
        files.is_publishing = episode.slug not in later_slugs
        if episode.draft or not (episode.people or episode.elements):
            episodes.append(episode)
            continue
        people = files.publish_portraits(episode.people, episode.location_of("people"))
        elements = files.publish_elements(episode.elements)
        episodes.append(replace(episode, people=people, elements=elements) if files.is_publishing else episode)
    if files.problems:
        raise InvalidInput(files.problems)
    return replace(project, show=show, episodes=tuple(episodes))


class _ReferencedFiles:
    """Publishes the files that are named, and collects what is missing."""

    def __init__(self, project: Project, out: OutputDir) -> None:
        self.project = project
        self.out = out
        self.problems: list[Problem] = []
        self.is_publishing = True
        """Otherwise missing files are only reported."""

    def publish_portraits(self, people: Iterable[Person], location: SourceLocation) -> tuple[Person, ...]:
        """People with the URLs of their pictures, whose paths are relative to the show's folder."""
        return tuple(
            replace(person, image=RemoteUrl(self._publish(SHOW_FILE, person.image.path, location, is_image=True)))
            if isinstance(person.image, LocalFile)
            else person
            for person in people
        )

    def publish_elements(self, elements: Iterable[Element]) -> tuple[Element, ...]:
        """Elements with URLs in the attributes that may name a file."""
        return tuple(self._publish_element(element) for element in elements)

    def _publish_element(self, element: Element) -> Element:
        tag = TAGS.get(element.name)
        file_attributes = {field.name for field in tag.attributes if field.allows_file} if tag else set()
        is_image = element.name == "podcast:image"
        attributes = tuple(
            (name, self._publish(element.location.path, value, element.location, is_image=is_image))
            if name in file_attributes and not URL_START.match(value)
            else (name, value)
            for name, value in element.attributes
        )
        published = replace(element, attributes=attributes, children=self.publish_elements(element.children))
        return self._measure_alternate(element, published) if element.name == ALTERNATE_ENCLOSURE else published

    def _measure_alternate(self, element: Element, published: Element) -> Element:
        """A local alternate enclosure with its length and its integrity digest, which are measured, never typed."""
        paths = [dict(child.attributes).get("uri", "") for child in element.children if child.name == "podcast:source"]
        local_path = next((path for path in paths if path and not URL_START.match(path)), "")
        source = resolve_in_show(self.project.folder, element.location.path, local_path) if local_path else None
        if source is None:
            return published
        attributes = dict(published.attributes) | {"length": str(source.stat().st_size)}
        children = [child for child in published.children if child.name != "podcast:integrity"]
        children.append(Element("podcast:integrity", "", (("type", "sri"), ("value", self._integrity(source)))))
        names = [field.name for field in TAGS[element.name].attributes]
        ordered = tuple((name, attributes[name]) for name in names if name in attributes)
        return replace(published, attributes=ordered, children=tuple(children))

    def _integrity(self, source: Path) -> str:
        """The Subresource Integrity digest of a file, cached by its content."""
        sha256 = self.out.cache.sha256(source)
        integrity = self.out.cache.get(INTEGRITIES, sha256)
        if integrity is None:
            with source.open("rb") as file:
                integrity = "sha384-" + base64.b64encode(hashlib.file_digest(file, "sha384").digest()).decode()
            self.out.cache.set(INTEGRITIES, sha256, integrity)
        return integrity

    def _publish(self, named_in: str, name: str, location: SourceLocation, *, is_image: bool) -> str:
        """The public URL of a file; its unchanged path, and a problem, where it does not exist."""
        base_url = self.project.show.publish.url
        shared = self.project.shared_folder if named_in == SHOW_FILE else None
        source = resolve_in_show(self.project.folder, named_in, name, shared)
        if source is None:
            self.problems.append(Problem(location, f"file {name!r} not found", PATH_FIX, "file.missing"))
            return name
        # Any other type, such as a page or a script, would run in browsers with the rights of the show's website.
        if not is_image and not guess_content_type(source.name).startswith(MEDIA_TYPES):
            self.problems.append(Problem(location, f"{name!r} is neither audio nor video", MEDIA_FIX, "file.type"))
            return name
        if not self.is_publishing:
            return name
        try:
            if is_image:
                return publish_image_file(source, self.out, base_url).url
            return public_url(base_url, self.out.publish_file(source, guess_content_type(name)).key)
        except PodcastKitError as error:
            self.problems.append(Problem(location, error.text, error.fix, "art.format"))
            return name
