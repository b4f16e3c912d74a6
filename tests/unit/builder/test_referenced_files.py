"""Files that are named beside the audio are published, and stand in the feed by their address."""

import base64
import hashlib
import shutil
from datetime import UTC, datetime

import pytest

from podcast_kit.builder.cache import open_cache
from podcast_kit.builder.output_dir import OutputDir
from podcast_kit.builder.referenced_files import publish_referenced_files
from podcast_kit.errors import InvalidInput
from podcast_kit.model import RemoteUrl
from podcast_kit.source import project as source
from tests.support.shows import ROOT, small

NOW = datetime(2030, 1, 1, tzinfo=UTC)
PICTURE = ROOT / "episodes/art/cover.jpg"


def made(show):
    """The project with its files addressed, and the tree that they lie in."""
    with open_cache(show / ".podcast-kit") as memory:
        tree = OutputDir(show / "build", memory)
        return publish_referenced_files(source.load_project(show), tree), tree


def published(tree, link):
    return tree.path(str(link).removeprefix("https://pod.example/")).read_bytes()


def test_faces_of_people_are_published_wherever_they_are_named(tmp_path):
    show = small(
        tmp_path / "show", people="[{name: Bo, image: face.jpg}, {name: Cy, image: 'https://x.example/c.jpg'}]"
    )
    shutil.copy(PICTURE, show / "face.jpg")
    shutil.copy(PICTURE, show / "episodes/face.jpg")
    with (show / "podcast.yaml").open("a") as file:
        file.write("people: [{name: Ann, image: face.jpg}]\n")
    found, tree = made(show)
    (ann,), (bo, cy) = found.show.people, found.episodes[0].people
    assert ann.image == bo.image
    assert published(tree, ann.image) == PICTURE.read_bytes()
    assert cy.image == RemoteUrl("https://x.example/c.jpg")


def test_another_form_of_an_episode_is_published_with_its_length_and_digest(tmp_path):
    show = small(tmp_path / "show", alternate_enclosures="{type: audio/opus, bitrate: 16000, sources: small.opus}")
    (show / "episodes/small.opus").write_bytes(b"OggS" * 100)
    found, tree = made(show)
    (alternate,) = found.episodes[0].elements
    said = dict(alternate.attributes)
    digest = base64.b64encode(hashlib.sha384(b"OggS" * 100).digest()).decode()
    assert said == {"type": "audio/opus", "length": "400", "bitrate": "16000"}
    where, integrity = alternate.children
    assert published(tree, dict(where.attributes)["uri"]) == b"OggS" * 100
    assert dict(integrity.attributes) == {"type": "sri", "value": f"sha384-{digest}"}


def test_banners_and_trailers_may_be_files_too(tmp_path):
    show = small(tmp_path / "show")
    with (show / "podcast.yaml").open("a") as file:
        file.write("images: [{url: cover.jpg, alt: Us}, 'https://x.example/b.png']\n")
        file.write("trailers: {title: Hello, url: t.mp3, date: 2026-01-01}\n")
    (show / "t.mp3").write_bytes(b"ID3")
    found, tree = made(show)
    by_name = {}
    for element in found.show.elements:
        by_name.setdefault(element.name, []).append(dict(element.attributes))
    assert published(tree, by_name["podcast:image"][0]["href"]) == PICTURE.read_bytes()
    assert by_name["podcast:image"][1]["href"] == "https://x.example/b.png"
    assert published(tree, by_name["podcast:trailer"][0]["url"]) == b"ID3"


def test_every_file_that_is_not_there_is_told_with_its_place(tmp_path):
    show = small(tmp_path / "show", alternate_enclosures="{type: audio/opus, sources: gone.opus}")
    with (show / "podcast.yaml").open("a") as file:
        file.write("images:\n  - ../../etc/passwd\n  - cover.jpg\n  - podcast.yaml\n")
    with pytest.raises(InvalidInput) as caught:
        made(show)
    assert [(problem.location.path, problem.code) for problem in caught.value.problems] == [
        ("episodes/001-talk.md", "file.missing"),
        ("podcast.yaml", "file.missing"),
        ("podcast.yaml", "art.format"),
    ]
