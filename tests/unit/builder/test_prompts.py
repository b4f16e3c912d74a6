"""An invitation stands once on each surface of a built episode, wherever it is asked for and whatever was written."""

import html
import itertools
import re
from datetime import UTC, datetime

import mutagen
import pytest

from podcast_kit import builder, site
from podcast_kit.source import project
from tests.support.shows import add, small

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FOLLOW = "https://podcasts.apple.com/podcast/id1000000001"
REVIEW = f"{FOLLOW}?action=write-review"
APPS = "https://pod.example/follow/index.html"
BY_HAND = {
    "nothing": "",
    "the link to follow": "Find us [here](https://podcasts.apple.com/at/podcast/a-small-show/id1000000001?uo=4).",
    "the link to review": f"Please [say so]({REVIEW}).",
    "a marker for all links": "{{ links }}",
}
CASES = list(itertools.product(("end", "marker", "none"), ("no marker", "a marker"), BY_HAND))


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = small(tmp_path_factory.mktemp("everywhere") / "show", episodes=0)
    sets = "".join(f"  at-{place}: {{placement: {place}}}\n" for place in ("end", "marker"))
    with (folder / "podcast.yaml").open("a", encoding="utf-8") as file:
        file.write(f"prompts:\n{sets}")
    words = "WEBVTT\n\n" + "".join(f"00:{at:02}.000 --> 00:{at:02}.900\n{'word ' * 500}\n\n" for at in range(40))
    (folder / "episodes" / "long.vtt").write_text(words, "utf-8")
    for number, (place, marker, written) in enumerate(CASES, 1):
        notes = ["What it is about.", "{{ prompts }}" if marker == "a marker" else "", BY_HAND[written], "The end."]
        chosen = "none" if place == "none" else f"at-{place}"
        add(folder, number, notes="\n\n".join(filter(None, notes)) + "\n", prompts=chosen, transcript="long.vtt")
    return builder.build(project.load_project(folder), now=NOW)


def links(text):
    return [site.normalize_url(html.unescape(url)) for url in re.findall(r'href="(https?:[^"]*)"', text)]


def main(page):
    """What is between header and footer, with the show's own addresses in full."""
    inside = page.partition("<main")[2].partition("</main>")[0]
    return inside.replace('href="../../../follow/', 'href="https://pod.example/follow/').replace(
        'href="../../follow/', 'href="https://pod.example/follow/'
    )


@pytest.mark.parametrize(("number", "case"), list(enumerate(CASES, 1)), ids=[", ".join(case) for case in CASES])
def test_each_url_occurs_once_on_each_surface_of_a_build(built, number, case):
    place, marker, written = case
    asked = place == "end" or (place == "marker" and marker == "a marker")
    (item,) = [item for item in built.items if item.episode.number == number]
    base = built.folder / f"episodes/{item.episode.slug}"
    tags = mutagen.File(built.folder / item.enclosure.key).tags
    comment = str(tags.getall("COMM")[0])
    surfaces = {
        "description": links(item.description),
        "content": links(item.content),
        "page": links(main((base / "index.html").read_text("utf-8"))),
        "transcript": links(main((base / "transcript/index.html").read_text("utf-8"))),
        "comment": [site.normalize_url(url) for url in re.findall(r"https?://\S+", comment)],
    }
    follow, review, apps = (site.normalize_url(url) for url in (FOLLOW, REVIEW, APPS))
    by_hand = {follow} if "follow" in written else {review} if "review" in written else set()
    by_hand = {follow, review} if "all" in written else by_hand
    invited = {follow, review, apps} if asked else set()
    for surface, found in surfaces.items():
        wanted = invited | (by_hand if surface in {"description", "content", "page"} else set())
        counts = {url: found.count(url) for url in (follow, review, apps)}
        assert counts == {url: int(url in wanted) for url in counts}, surface


def test_building_what_was_built_changes_nothing(built):
    again = builder.build(built.project, now=NOW)
    assert again.files_written == 0
    assert again.outputs == built.outputs


def test_a_prompt_that_is_added_leaves_published_files_as_they_are(tmp_path):
    folder = small(tmp_path / "show")
    yaml = (folder / "podcast.yaml").read_text("utf-8")
    (folder / "podcast.yaml").write_text(f"{yaml}prompts: {{default: {{share: false}}}}\n", "utf-8")
    before = builder.build(project.load_project(folder), now=NOW)
    builder.write_lock(before)
    assert "#share" not in before.items[0].content
    (folder / "podcast.yaml").write_text(yaml, "utf-8")
    add(folder, 2)
    after = builder.build(project.load_project(folder), now=NOW)
    new, published = after.items
    assert published.enclosure == before.items[0].enclosure
    assert f"{published.url}#share" in published.content
    assert f"{new.url}#share" in str(mutagen.File(after.folder / new.enclosure.key).tags)
    assert "#share" not in str(mutagen.File(after.folder / published.enclosure.key).tags)
