"""Pictures as the podcaster names them, published under their own digests."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from podcast_kit import images
from podcast_kit.builder import enclosure, responsive_images
from podcast_kit.builder.output_dir import Tree
from podcast_kit.errors import InvalidInput, SourceLocation, PodcastKitError, Problem
from podcast_kit.model import Episode, Image, Project, public_url
from podcast_kit.source import notes as markdown


def picture(project: Project, near: str, name: str, place: SourceLocation | None, tree: Tree) -> Image:
    """The picture that a file of the show names, or a fault at the place where it does."""
    source = enclosure.inside(project.folder, near, name)
    if source is None:
        hint = "paths count from the file that names them and stay inside the show's folder"
        raise InvalidInput([Problem(place or SourceLocation(near), f"picture {name!r} is not there", hint, "art.missing")])
    try:
        return published(source, tree, project.show.publish.url)
    except PodcastKitError as error:
        first = error.problems[0] if error.problems else Problem(SourceLocation(near), error.text, error.fix, "art.format")
        text = f"picture {name!r}: {first.text}"
        raise InvalidInput([replace(first, location=place or SourceLocation(near), text=text)]) from error


def of_notes(project: Project, episode: Episode, tree: Tree) -> dict[str, Image]:
    """Those in an episode's notes by the name they have there, with smaller copies; or every fault of them."""
    art: dict[str, Image] = {}
    problems: list[Problem] = []
    for name, line in markdown.pictures(episode.notes):
        try:
            place = SourceLocation(episode.path, episode.notes_line + line, 1)
            found = picture(project, episode.path, name, place, tree)
            source = project.folder / Path(episode.path).parent / name
            art[name] = responsive_images.responsive(source, found, tree, project.show.publish.url)
        except InvalidInput as error:
            problems += error.problems
    if problems:
        raise InvalidInput(problems)
    return art


def published(source: Path, tree: Tree, base: str) -> Image:
    """A picture in the store, under its own digest."""
    sha256 = tree.memory.sha256(source)
    known = tree.memory.recall("picture", sha256)
    if known is None:
        facts = images.probe(source)
        known = [facts.width, facts.height, facts.mime]
        tree.memory.keep("picture", sha256, known)
    width, height, mime = known
    key = enclosure.publish(source, tree, mime)
    return Image(url=public_url(base, key), key=key, width=width, height=height, mime=mime)
