"""Images as the podcaster names them, published under their own digests."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from podcast_kit import images
from podcast_kit.builder.cache import dataclass_kind
from podcast_kit.builder.output_dir import OutputDir
from podcast_kit.builder.responsive_images import add_thumbnails
from podcast_kit.errors import InvalidInput, PodcastKitError, Problem, SourceLocation
from podcast_kit.io.inside import real_path
from podcast_kit.model import SHOW_FILE, Episode, Image, Project, public_url
from podcast_kit.source import notes as markdown

PATH_FIX = "paths are relative to the file that names them, or to the show's folder, and must stay inside that folder"


@dataclass(frozen=True, slots=True)
class ImageSize:
    """What an image file is, as the cache keeps it."""

    width: int
    height: int
    mime: str


IMAGE_SIZES = dataclass_kind("image", ImageSize)


def publish_image(project: Project, named_in: str, name: str, location: SourceLocation | None, out: OutputDir) -> Image:
    """Publish the image that a file of the show names; raises InvalidInput at the location where it does."""
    location = location or SourceLocation(named_in)
    shared = project.shared_folder if named_in == SHOW_FILE else None
    source = resolve_in_show(project.folder, named_in, name, shared)
    if source is None:
        raise InvalidInput([Problem(location, f"image {name!r} not found", PATH_FIX, "art.missing")])
    try:
        return publish_image_file(source, out, project.show.publish.url)
    except PodcastKitError as error:
        first = error.problems[0] if error.problems else Problem(location, error.text, error.fix, "art.format")
        raise InvalidInput([replace(first, location=location, text=f"image {name!r}: {first.text}")]) from error


def publish_note_images(project: Project, episode: Episode, out: OutputDir) -> dict[str, Image]:
    """Publish the images in an episode's notes, with thumbnails; by their names in the notes.

    Raises InvalidInput with every problem.
    """
    note_images: dict[str, Image] = {}
    problems: list[Problem] = []
    for name, line in markdown.local_image_lines(episode.notes):
        location = SourceLocation(episode.path, episode.notes_line + line, 1)
        try:
            image = publish_image(project, episode.path, name, location, out)
            source = resolve_in_show(project.folder, episode.path, name)
            thumbnailed = add_thumbnails(source, image, out, project.show.publish.url) if source else image
            note_images[name] = thumbnailed
        except InvalidInput as error:
            problems += error.problems
    if problems:
        raise InvalidInput(problems)
    return note_images


def publish_artwork(project: Project, out: OutputDir) -> Image | None:
    """Publish the show's artwork; None where it has none. Raises InvalidInput."""
    if not project.show.artwork:
        return None
    return publish_image(project, SHOW_FILE, project.show.artwork.path, project.show.locations.get("artwork"), out)


def publish_episode_image(project: Project, episode: Episode, out: OutputDir) -> Image | None:
    """Publish the episode's own image; None where the show's artwork is used. Raises InvalidInput."""
    if not episode.image:
        return None
    return publish_image(project, SHOW_FILE, episode.image.path, episode.location_of("image"), out)


def publish_image_file(source: Path, out: OutputDir, base_url: str) -> Image:
    """Copy an image under its own digest; it is opened once for each content. Raises PodcastKitError."""
    sha256 = out.cache.sha256(source)
    size = out.cache.get(IMAGE_SIZES, sha256)
    if size is None:
        facts = images.probe_image(source)
        size = ImageSize(facts.width, facts.height, facts.mime)
        out.cache.set(IMAGE_SIZES, sha256, size)
    key = out.publish_file(source, size.mime).key
    return Image(url=public_url(base_url, key), key=key, width=size.width, height=size.height, mime=size.mime)


def resolve_in_show(folder: Path, named_in: str, name: str, shared: Path | None = None) -> Path | None:
    """The file that `name` means in a file of the show: relative to that file, or else to the show's folder.

    None if it does not exist or is outside the show's folder, and outside the folder of its network in `shared`.
    """
    roots = [real_path(root) for root in (folder, shared) if root]
    for path in dict.fromkeys(((folder / named_in).parent / name, folder / name)):
        try:
            resolved = Path(os.path.realpath(path, strict=True))  # an OSError for a link that leads to itself
        except (OSError, ValueError):
            continue
        if resolved.is_file() and any(resolved.is_relative_to(root) for root in roots):
            return path
    return None
