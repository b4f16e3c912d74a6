"""`podcast-kit share`: texts within the limits of each network, and pictures, for an episode and its clips."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from podcast_kit import images
from podcast_kit.cli import cli
from tests.support import shows

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def show(tmp_path_factory):
    soundbites = "[{start: 2, duration: 16, title: The best of it}]"
    return shows.small(tmp_path_factory.mktemp("share") / "show", soundbites=soundbites)


def run(show, *arguments):
    return CliRunner().invoke(cli, ["share", "-C", str(show), *arguments])


def test_share_prints_texts_and_draws_pictures(show):
    done = run(show, "1", "--json")
    assert done.exit_code == 0, done.output
    episode, clip = json.loads(done.stdout)["moments"]
    assert (episode["title"], clip["title"]) == ("Talk 1", "The best of it")
    assert episode["url"] == "https://pod.example/episodes/001-talk/index.html"
    assert clip["url"] == "https://pod.example/clips/001-talk-at-0m02s/index.html"
    for moment in (episode, clip):
        texts = {row["network"]: row for row in moment["texts"]}
        assert texts["mastodon"]["limit"] == 500
        assert all(moment["url"] in row["text"] for row in texts.values())
        assert all(not row["limit"] or row["length"] <= row["limit"] for row in texts.values())
        sizes = {name: images.probe_image(Path(path)) for name, path in moment["pictures"].items()}
        sizes = {name: (info.width, info.height) for name, info in sizes.items()}
        assert sizes == {"square": (1080, 1080), "tall": (1080, 1920)}
        assert all(Path(path).is_relative_to(show / ".podcast-kit") for path in moment["pictures"].values())


def test_share_names_each_network_with_the_length_of_its_text(show):
    done = run(show, "001-talk")
    assert "Bluesky (" in done.stdout
    assert "of 300 characters)" in done.stdout
    assert "square picture, 1080 x 1080 pixels" in done.stdout


def test_an_episode_without_an_address_cannot_be_shared(tmp_path):
    show = shows.small(tmp_path / "show", date="2090-01-01 08:00")
    done = run(show, "1")
    assert done.exit_code == 1
    assert "not published yet" in done.stderr
    unknown = run(show, "seven")
    assert unknown.exit_code == 2
