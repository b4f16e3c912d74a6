"""Files that podcast.yaml and the front matter name beside the audio: faces, banners, other forms of an episode.

Each is published under its digest, and its address stands where its path stood.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path

from podcast_kit.builder import enclosure, images
from podcast_kit.builder.output_dir import Tree
from podcast_kit.errors import InvalidInput, SourceLocation, PodcastKitError, Problem
from podcast_kit.io.mime import content_type
from podcast_kit.model import Element, Episode, Person, Project, public_url
from podcast_kit.namespaces import TAGS
from podcast_kit.source.elements import ADDRESS


def addressed(project: Project, tree: Tree, *, later: Collection[Episode] = ()) -> Project:
    """The project with addresses in the place of paths; raises InvalidInput with every file that is not there.

    Of the episodes that come `later` nothing is published yet.
    """
    faces = _Files(project, tree)
    show = replace(
        project.show,
        people=faces.people(project.show.people, project.show.locations.get("people", SourceLocation("podcast.yaml"))),
        elements=faces.elements(project.show.elements),
    )
    waiting = {one.slug for one in later}
    episodes: list[Episode] = []
    for one in project.episodes:
        faces.publishing = one.slug not in waiting
        if one.draft or not (one.people or one.elements):
            episodes.append(one)
            continue
        people, elements = faces.people(one.people, one.location_of("people")), faces.elements(one.elements)
        episodes.append(replace(one, people=people, elements=elements) if faces.publishing else one)
    if faces.problems:
        raise InvalidInput(faces.problems)
    return replace(project, show=show, episodes=tuple(episodes))


class _Files:
    """Publishes what is named, and gathers what is not there."""

    def __init__(self, project: Project, tree: Tree) -> None:
        self.project = project
        self.tree = tree
        self.problems: list[Problem] = []
        self.publishing = True
        """Else only what is missing is told."""

    def people(self, people: Iterable[Person], place: SourceLocation) -> tuple[Person, ...]:
        """Their pictures lie relative to the show's folder."""
        return tuple(
            person
            if not person.image or "://" in person.image
            else replace(person, image=self.published("podcast.yaml", person.image, place, picture=True))
            for person in people
        )

    def elements(self, elements: Iterable[Element]) -> tuple[Element, ...]:
        return tuple(self.element(element) for element in elements)

    def element(self, element: Element) -> Element:
        tag = TAGS.get(element.name)
        files = {field.name for field in tag.attributes if field.file} if tag else set()
        said = tuple(
            (name, self.published(element.location.path, value, element.location, picture=element.name == "podcast:image"))
            if name in files and not ADDRESS.match(value)
            else (name, value)
            for name, value in element.attributes
        )
        made = replace(element, attributes=said, children=self.elements(element.children))
        return self.alternate(element, made) if element.name == "podcast:alternateEnclosure" else made

    def alternate(self, element: Element, made: Element) -> Element:
        """Another form of the episode that lies here: its length and its digest are measured, not typed."""
        paths = [dict(child.attributes).get("uri", "") for child in element.children if child.name == "podcast:source"]
        local = next((path for path in paths if path and not ADDRESS.match(path)), "")
        source = enclosure.inside(self.project.folder, element.location.path, local) if local else None
        if source is None:
            return made
        said = dict(made.attributes) | {"length": str(source.stat().st_size)}
        children = [child for child in made.children if child.name != "podcast:integrity"]
        children.append(Element("podcast:integrity", "", (("type", "sri"), ("value", self.integrity(source)))))
        names = [field.name for field in TAGS[element.name].attributes]
        return replace(
            made, attributes=tuple((name, said[name]) for name in names if name in said), children=tuple(children)
        )

    def integrity(self, source: Path) -> str:
        """Subresource integrity of a file, remembered by its content."""
        sha256 = self.tree.memory.sha256(source)
        known: str | None = self.tree.memory.recall("integrity", sha256)
        if known is None:
            with source.open("rb") as file:
                known = "sha384-" + base64.b64encode(hashlib.file_digest(file, "sha384").digest()).decode()
            self.tree.memory.keep("integrity", sha256, known)
        return known

    def published(self, near: str, name: str, place: SourceLocation, *, picture: bool) -> str:
        """The address of a file; its path as it was, and a problem, where it is not there."""
        base = self.project.show.publish.url
        source = enclosure.inside(self.project.folder, near, name)
        if source is None:
            hint = "paths count from the file that names them and stay inside the show's folder"
            self.problems.append(Problem(place, f"{name!r} is not there", hint, "file.missing"))
            return name
        if not self.publishing:
            return name
        try:
            if picture:
                return images.published(source, self.tree, base).url
            return public_url(base, enclosure.publish(source, self.tree, content_type(name)))
        except PodcastKitError as error:
            self.problems.append(Problem(place, error.text, error.fix, "art.format"))
            return name
