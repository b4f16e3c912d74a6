"""Files that are named beside the audio are published, and stand in the feed by their address."""

import base64
import hashlib
import shutil
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from podcast_kit.builder.cache import open_cache
from podcast_kit.builder.output_dir import OutputDir
from podcast_kit.builder.referenced_files import publish_referenced_files
from podcast_kit.errors import InvalidInput, OperationError
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


def test_images_of_people_are_published(tmp_path):
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


def test_an_alternate_enclosure_is_published_with_its_length_and_digest(tmp_path):
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


def test_banners_and_trailers_may_be_files(tmp_path):
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


def test_every_missing_file_is_reported_with_its_location(tmp_path):
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


@pytest.mark.parametrize(
    "name", ["page.html", "script.js", "drawing.svg", "list.json", "SHOW.HTM", "noending", "style.css"]
)
def test_only_audio_and_video_are_published_as_enclosures(tmp_path, name):
    show = small(tmp_path / "show", alternate_enclosures=f"{{type: audio/opus, sources: {name}}}")
    (show / "episodes" / name).write_text("<script>alert(1)</script>")
    (show / "trailer.html").write_text("<script>alert(1)</script>")
    with (show / "podcast.yaml").open("a") as file:
        file.write("trailers: {title: Hello, url: trailer.html, date: 2026-01-01}\n")
    with pytest.raises(InvalidInput) as caught:
        made(show)
    assert [(problem.location.path, problem.code) for problem in caught.value.problems] == [
        ("episodes/001-talk.md", "file.type"),
        ("podcast.yaml", "file.type"),
    ]


PUBLISH_AND_PRINT_PEAK = """
import sys
from pathlib import Path
from podcast_kit.builder.cache import open_cache
from podcast_kit.builder.output_dir import OutputDir
from podcast_kit.builder.referenced_files import publish_referenced_files
from podcast_kit.source import project as source
from tests.support import peak_memory
show = Path(sys.argv[1])
with open_cache(show / ".podcast-kit") as cache:
    publish_referenced_files(source.load_project(show), OutputDir(show / "build", cache))
print(peak_memory.megabytes())
"""


@pytest.mark.slow
def test_large_files_are_published_in_constant_memory(tmp_path):
    peaks = []
    for size in (1, 100_000_000):
        show = small(tmp_path / str(size), alternate_enclosures="{type: audio/opus, sources: other.opus}")
        with (show / "episodes/other.opus").open("wb") as file:
            file.truncate(size)
        program = [sys.executable, "-c", PUBLISH_AND_PRINT_PEAK, str(show)]
        result = subprocess.run(program, check=True, capture_output=True, cwd=ROOT)
        peaks.append(int(result.stdout))
        (copy,) = (show / "build").rglob("*.opus")
        assert copy.stat().st_size == size
    assert peaks[1] < peaks[0] + 16


def test_a_file_that_changes_while_it_is_copied_is_refused(tmp_path, monkeypatch):
    file = tmp_path / "a.opus"
    file.write_bytes(b"before")
    with open_cache(tmp_path / ".podcast-kit") as cache:
        out = OutputDir(tmp_path / "build", cache)
        sha256 = cache.sha256(file)
        file.write_bytes(b"after")
        monkeypatch.setattr(cache, "sha256", lambda _: sha256)
        with pytest.raises(OperationError, match="changed while it was read"):
            out.publish_file(file)
    assert not out.outputs
    assert [path for path in (tmp_path / "build").rglob("*") if path.is_file()] == []
