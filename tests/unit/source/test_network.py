"""shows.yaml: which shows a network has, what they inherit, and where each value was written."""

import shutil

import pytest

from podcast_kit.errors import InvalidInput, PodcastKitError
from podcast_kit.source.network import find_network, load_network, read_identity
from podcast_kit.source.project import load_project, load_settings
from tests.support.networks import SHOWS_FILE, add_show, network


def problems_of(function, *arguments):
    """(place, text, code) of each problem."""
    with pytest.raises(InvalidInput) as raised:
        function(*arguments)
    return [(str(problem.location), problem.text, problem.code) for problem in raised.value.problems]


def broken(folder):
    """Name, place, text and code of each problem of a show of the network."""
    return [
        (show.name, str(problem.location), problem.text, problem.code)
        for show in load_network(folder).shows
        for problem in show.problems
    ]


def test_show_inherits_defaults_with_their_places(tmp_path):
    folder = network(tmp_path)
    show = load_settings(folder / "shows/one").show
    assert (show.title, show.author, show.language) == ("Show one", "Tester", "en")
    assert show.publish.url == "https://net.example/one/"
    assert str(show.locations["author"]) == "../../shows.yaml:8:3"
    assert str(show.locations["title"]) == "podcast.yaml:1:1"


def test_own_word_of_a_show_wins_key_by_key(tmp_path):
    folder = network(tmp_path, "one")
    own = "author: Somebody\npublish: {to: elsewhere}\ncategories: []\n"
    add_show(folder / "shows/three", text=own)
    show = load_settings(folder / "shows/three").show
    assert show.author == "Somebody"
    assert (show.publish.to, show.publish.url) == ("elsewhere", "https://net.example/three/")
    assert show.categories == ()


def test_other_name_of_a_key_replaces_the_inherited_one(tmp_path):
    folder = network(tmp_path, "one", shows_file=SHOWS_FILE + '  theme: {colour: "#112233"}\n')
    add_show(folder / "shows/three", text='theme: {color: "#445566"}\n')
    assert load_settings(folder / "shows/one").show.theme.colour == "#112233"
    assert load_settings(folder / "shows/three").show.theme.colour == "#445566"


def test_error_in_an_inherited_value_points_into_shows_yaml(tmp_path):
    folder = network(tmp_path, "one", shows_file=SHOWS_FILE.replace("language: en", "language: english"))
    [(place, text, code)] = problems_of(load_project, folder / "shows/one")
    assert (place, code) == ("../../shows.yaml:9:3", "ch.language")
    assert "'english'" in text


def test_show_that_is_not_listed_inherits_nothing(tmp_path):
    folder = network(tmp_path, "one")
    add_show(folder / "other")
    assert find_network(folder / "other") is None
    assert find_network(folder / "shows/one").folder == folder


def test_feed_names_publisher_and_siblings(tmp_path):
    show = load_settings(network(tmp_path, "one", "two", "three") / "shows/one").show
    by_name = {element.name: element for element in show.elements}
    [publisher] = by_name["podcast:publisher"].children
    assert dict(publisher.attributes)["feedUrl"] == "https://net.example/feed.xml"
    assert dict(publisher.attributes)["medium"] == "publisher"
    siblings = [dict(item.attributes)["feedUrl"] for item in by_name["podcast:podroll"].children]
    assert siblings == ["https://net.example/three/feed.xml", "https://net.example/two/feed.xml"]


def test_folder_of_folders_is_a_network_without_shows_yaml(tmp_path):
    folder = network(tmp_path, shows_file="")
    names = [show.name for show in load_network(folder).shows]
    assert names == ["one", "two"]
    assert find_network(folder / "shows/one") is None


def test_same_folder_names_are_told_apart_by_their_paths(tmp_path):
    folder = network(tmp_path, "one", shows_file='shows: ["*/*"]\n')
    add_show(folder / "more/one")
    assert [show.name for show in load_network(folder).shows] == ["more/one", "shows/one"]


def test_show_listed_twice_is_a_problem_of_that_line_alone(tmp_path):
    folder = network(tmp_path, shows_file="shows: [shows/one, shows/two, ./shows/one/]\n")
    [(_, place, text, code)] = broken(folder)
    assert (place, code) == ("shows.yaml:1:31", "network.twice")
    assert text == "the show 'shows/one' is listed twice (also on line 1)"
    assert sum(not show.problems for show in load_network(folder).shows) == 2


def test_missing_folder_is_a_problem_of_that_show_alone(tmp_path):
    folder = network(tmp_path, shows_file="shows:\n  - shows/one\n  - shows/tow\n  - shows\n")
    assert broken(folder) == [
        ("shows/tow", "shows.yaml:3:5", "the folder 'shows/tow' does not exist", "file.missing"),
        ("shows", "shows.yaml:4:5", "'shows' has no podcast.yaml, so it is not a show", "file.missing"),
    ]
    assert load_network(folder).shows[1].problems[0].fix == "did you mean 'two'?"


@pytest.mark.parametrize("path", ["../elsewhere", "/etc", "shows/../..", "~root", "a\\b"])
def test_folder_outside_of_the_network_is_refused(tmp_path, path):
    folder = network(tmp_path, shows_file=f"shows: ['{path}', shows/one]\n")
    [(_, _, _, code)] = broken(folder)
    assert code == "path.outside"


def test_link_out_of_the_network_is_refused_and_one_to_the_network_is_nested(tmp_path):
    outside = add_show(tmp_path / "outside")
    folder = network(tmp_path / "net", shows_file="shows: ['shows/*', link, round]\n")
    (folder / "link").symlink_to(outside)
    (folder / "round").symlink_to(folder)
    assert [(name, code) for name, _, _, code in broken(folder)] == [
        ("link", "path.outside"),
        ("round", "network.nested"),
    ]


def test_link_to_another_show_is_the_same_show(tmp_path):
    folder = network(tmp_path, shows_file="shows: [shows/one, again]\n")
    (folder / "again").symlink_to(folder / "shows/one")
    assert [code for *_, code in broken(folder)] == ["network.twice"]


def test_network_in_a_network_and_show_in_a_show_are_refused(tmp_path):
    folder = network(tmp_path, shows_file="shows: ['shows/*', 'shows/one/inner', 'sub/shows/*']\n")
    add_show(folder / "shows/one/inner")
    network(folder / "sub", "three")
    (folder / "shows/two/shows.yaml").write_text("shows: []\n")
    assert [(name, code) for name, _, _, code in broken(folder)] == [
        ("two", "network.nested"),
        ("inner", "network.nested"),
        ("three", "network.nested"),
    ]
    assert [code for *_, code in problems_of(find_network, folder / "shows/one/inner")] == ["network.nested"]


@pytest.mark.parametrize(
    ("text", "place", "code"),
    [
        ("shows: {one: two}\n", "shows.yaml:1:1", "value.table"),
        ("defaults: [a, b]\n", "shows.yaml:1:1", "value.table"),
        ("defaults: {guid: x}\n", "shows.yaml:1:12", "network.defaults"),
        ("defaults: {title: x}\n", "shows.yaml:1:12", "network.defaults"),
        ("podroll: everybody\n", "shows.yaml:1:1", "value.choice"),
        ("defautls: {author: A}\n", "shows.yaml:1:1", "key.unknown"),
        ("author: A\n", "shows.yaml:1:1", "key.unknown"),
        ("- one\n", "shows.yaml:1:1", "yaml.mapping"),
        ("shows: [\n", "shows.yaml:2:1", "yaml.syntax"),
    ],
)
def test_wrong_shows_yaml_is_reported_with_its_place(tmp_path, text, place, code):
    folder = network(tmp_path, shows_file=text)
    [(actual_place, _, actual_code)] = problems_of(load_network, folder)
    assert (actual_place, actual_code) == (place, code)


def test_wrong_entry_of_shows_leaves_the_others(tmp_path):
    folder = network(tmp_path, shows_file="shows:\n  - {folder: one}\n  -\n  - nothing/*\n  - shows/one\n")
    assert [(name, place, code) for name, place, _, code in broken(folder)] == [
        ("line 2", "shows.yaml:2:5", "value.single"),
        ("line 3", "shows.yaml:3:4", "value.single"),
        ("nothing/*", "shows.yaml:4:5", "file.missing"),
    ]
    assert load_network(folder).shows[-1].problems == ()


def test_problem_of_shows_yaml_is_located_from_the_show(tmp_path):
    folder = network(tmp_path, shows_file="podroll: everybody\n")
    [(place, *_)] = problems_of(load_project, folder / "shows/one")
    assert place == "../../shows.yaml:1:1"


def test_folder_without_any_show_is_an_error(tmp_path):
    with pytest.raises(PodcastKitError, match=r"no shows\.yaml"):
        load_network(tmp_path)


def test_identity_of_a_broken_show_is_unknown(tmp_path):
    folder = network(tmp_path)
    loaded = load_network(folder)
    (folder / "shows/one/podcast.yaml").write_text("title: [\n")
    shutil.rmtree(folder / "shows/two")
    assert [read_identity(loaded, show) for show in loaded.shows] == [None, None]


def test_lineage_tells_own_settings_from_shared_ones(tmp_path):
    folder = network(tmp_path, "one")
    parts = load_settings(folder / "shows/one").show.source.parts
    assert {"title", "shared author", "shared publish"} <= parts.keys()
    assert "author" not in parts
