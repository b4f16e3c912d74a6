"""Commands for several shows of a network: all of them run, one summary, the worst exit code, one page of its own."""

import json
import os
import shutil
import signal
import subprocess
import time
from dataclasses import replace

import click
import pytest
from click.testing import CliRunner

from podcast_kit.cli import cli, show_runs
from podcast_kit.cli.app import COMMAND_FUNCTIONS
from podcast_kit.cli.network_runs import find_worst_exit
from podcast_kit.cli.show_runs import ShowTask, run_shows
from podcast_kit.feed import parse_feed
from tests.support import interrupts
from tests.support.networks import SHOWS_FILE, add_show, network

GUID = "5b322f44-25b3-4fbd-8b64-22c5a5b52800"


def run(folder, *arguments, **settings):
    return CliRunner().invoke(cli, [arguments[0], "-C", str(folder), *arguments[1:]], **settings)


def document_of(result):
    """The document of a command, and that of each show by its name."""
    document = json.loads(result.stdout)
    return document, {row["show"]: row for row in document["shows"]}


def edit_file(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A network of three shows that was built once."""
    folder = network(tmp_path_factory.mktemp("net"), "one", "two", "three", episodes=2)
    assert run(folder, "build", "--all").exit_code == 0
    return folder


@pytest.fixture
def net(built, tmp_path):
    """A copy of it, to do with as one likes."""
    return shutil.copytree(built, tmp_path / "net")


def test_build_all_builds_every_show_and_the_page_of_the_network(net):
    result = run(net, "build", "--all")
    assert result.exit_code == 0, result.output
    lines = result.stderr.splitlines()
    assert [line.split()[:2] for line in lines[-5:-1]] == [
        ["ok", "one"],
        ["ok", "three"],
        ["ok", "two"],
        ["ok", "(network)"],
    ]
    assert lines[-1] == "3 shows, all ok"
    assert "(network)  3 shows, " in lines[-2]
    assert f"one: {net}/shows/one/build/feed.xml" in result.stdout.splitlines()
    page = (net / "build/index.html").read_text()
    assert all(f'<a href="{name}/index.html">Show {name}</a>' in page for name in ("one", "two", "three"))
    assert page.count('<a href="one/episodes/') == 2
    assert (net / "build/search.js").read_text().count('"one/episodes/') == 2
    opml = (net / "build/shows.opml").read_text()
    assert opml.count("<outline") == 3
    assert 'xmlUrl="https://net.example/two/feed.xml"' in opml


def test_same_network_has_the_same_bytes_with_one_process_and_with_many(net):
    before = {path: path.read_bytes() for path in net.rglob("build/**/*") if path.is_file()}
    for path in net.rglob("build"):
        shutil.rmtree(path)
    for path in net.rglob(".podcast-kit"):
        shutil.rmtree(path)
    assert run(net, "build", "--all", "--jobs", "1").exit_code == 0
    assert {path: path.read_bytes() for path in net.rglob("build/**/*") if path.is_file()} == before


def test_publisher_feed_and_feeds_of_shows_name_each_other(net):
    publisher = parse_feed((net / "build/feed.xml").read_bytes(), "feed").channel
    assert publisher.child_text("podcast:medium") == "publisher"
    named = [node.attributes["feedUrl"] for node in publisher.children if node.key == "podcast:remoteItem"]
    assert named == [f"https://net.example/{name}/feed.xml" for name in ("one", "three", "two")]
    for name in ("one", "two", "three"):
        channel = parse_feed((net / f"shows/{name}/build/feed.xml").read_bytes(), "feed").channel
        [back] = next(node for node in channel.children if node.key == "podcast:publisher").children
        assert back.attributes["feedUrl"] == "https://net.example/feed.xml"
        assert back.attributes["feedGuid"] == publisher.child_text("podcast:guid")
        [podroll] = [node for node in channel.children if node.key == "podcast:podroll"]
        assert len(podroll.children) == 2


def test_broken_show_stops_no_other(net):
    (net / "shows/one/podcast.yaml").write_text("title: [\n")
    result = run(net, "build", "--all", "--json")
    assert result.exit_code == 1
    document, shows = document_of(result)
    assert document["exit"] == 1
    assert [(name, row["exit"]) for name, row in shows.items()] == [("one", 1), ("three", 0), ("two", 0), (None, 0)]
    [problem] = shows["one"]["document"]["problems"]
    assert (problem["file"], problem["code"]) == ("podcast.yaml", "yaml.syntax")
    assert shows["two"]["document"]["command"] == "build"
    edit_file(net / "shows.yaml", "description:", "artwork: gone.jpg\ndescription:")
    assert run(net, "check", "--all").stderr.splitlines()[-1] == "3 shows, 1 failed; the network's page failed"


def test_page_is_not_published_without_one_of_its_shows(net):
    edit_file(net / "shows/one/episodes/001-talk.md", "title: Talk 1", "title: [")
    (net / "shows/one/podcast.yaml").write_text("title: [\n")
    result = run(net, "publish", "--all", "--yes", "--no-check")
    assert result.exit_code == 1
    assert "(network): not published, for it needs one" in result.stderr
    assert (net / "public/two/feed.xml").is_file()
    assert not (net / "public/feed.xml").exists()


def test_error_in_a_default_is_reported_with_its_place_for_every_show(net):
    edit_file(net / "shows.yaml", "language: en", "language: nolanguage")
    result = run(net, "check", "--all")
    assert result.exit_code == 1
    place = os.path.relpath(net / "shows.yaml")
    assert f"one: {place}:9:3: error: language: 'nolanguage' is not a language code" in result.stdout


@pytest.mark.parametrize(
    ("key", "code", "text"),
    [
        (f"guid: {GUID}\n", "network.twice", f"the guid {GUID} is also that of the show"),
        ("publish: {url: 'https://net.example/same/'}\n", "network.place", "is also the address of the show"),
        ("publish: {to: 's3://bucket/pod'}\n", "network.place", "is the same place as the show"),
    ],
)
def test_two_shows_that_are_one_are_refused_and_the_third_is_built(net, key, code, text):
    for name in ("one", "two"):
        with (net / f"shows/{name}/podcast.yaml").open("a") as file:
            file.write(key)
    _, shows = document_of(run(net, "plan", "--all", "--json"))
    assert [(name, row["exit"]) for name, row in shows.items() if name] == [("one", 1), ("three", 0), ("two", 1)]
    for name in ("one", "two"):
        [problem] = shows[name]["document"]["problems"]
        assert (problem["code"], problem["line"]) == (code, 4)
        assert text in problem["message"]


@pytest.mark.parametrize(
    ("first", "second", "is_refused"),
    [
        ("s3://bucket/pod", "s3://bucket/pod/talk", True),
        ("s3://bucket", "s3://bucket/talk", True),
        ("aws://bucket/pod/", "s3://bucket/pod", True),
        ("s3://bucket/pod", "s3://bucket/podcast", False),
        ("s3://bucket/pod", "r2://bucket/pod", False),
        ("../../out", "../two/../../out/talk", True),
    ],
)
def test_overlapping_places_are_refused(tmp_path, first, second, is_refused):
    from podcast_kit.check.network import find_show_conflicts
    from podcast_kit.source.network import load_network

    folder = network(tmp_path, "three")
    add_show(folder / "shows/one", text=f"publish: {{to: '{first}'}}\n", episodes=0)
    add_show(folder / "shows/two", text=f"publish: {{to: '{second}'}}\n", episodes=0)
    conflicts = find_show_conflicts(load_network(folder))
    assert sorted(conflicts) == (["one", "two"] if is_refused else [])


def test_page_may_be_around_its_shows_but_not_where_it_has_files(tmp_path):
    from podcast_kit.check.network import find_show_conflicts
    from podcast_kit.source.network import load_network

    text = SHOWS_FILE.replace("to: public}", "to: 's3://bucket'}").replace('"public/{name}"', "'s3://bucket/{name}'")
    folder = network(tmp_path, "one", "assets", shows_file=text, episodes=0)
    assert sorted(find_show_conflicts(load_network(folder))) == ["", "assets"]


def test_pages_and_static_files_of_the_network_are_published_with_its_page(net):
    for name, text in {
        "pages/imprint.md": "---\ntitle: Imprint\nmenu: Imprint\n---\nWho we are, and [a file](../static/ads.txt).\n",
        "static/CNAME": "net.example\n",
        "static/ads.txt": "ads\n",
    }.items():
        (net / name).parent.mkdir(exist_ok=True)
        (net / name).write_text(text)
    result = run(net, "build", "--all")
    assert result.exit_code == 0, result.output
    page = (net / "build/imprint/index.html").read_text()
    assert "Who we are" in page
    assert "../ads.txt" in page
    index = (net / "build/index.html").read_text()
    assert '<a href="imprint/index.html">Imprint</a>' in index or '<a href="imprint/">Imprint</a>' in index
    assert "https://net.example/imprint/" in (net / "build/sitemap.xml").read_text()
    assert "Imprint" in (net / "build/search.js").read_text()
    assert (net / "build/CNAME").read_bytes() == b"net.example\n"
    published = run(net, "publish", "--all", "--yes")
    assert published.exit_code == 0, published.output
    assert (net / "public/imprint/index.html").exists()
    assert (net / "public/CNAME").read_bytes() == b"net.example\n"
    (net / "pages/imprint.md").write_text("---\ntitle: 1\nunknown: 2\n---\n")
    broken = run(net, "build", "--all")
    assert broken.exit_code == 1
    assert "pages/imprint.md:3" in broken.output


@pytest.mark.parametrize("name", ["pages/two.md", "static/two/file.txt"])
def test_pages_and_files_of_the_network_do_not_overwrite_a_show(tmp_path, name):
    from podcast_kit.check.network import find_show_conflicts
    from podcast_kit.source.network import load_network

    folder = network(tmp_path / "net", "one", "two", episodes=0)
    (folder / name).parent.mkdir(parents=True)
    (folder / name).write_text("---\ntitle: Two\n---\nText.\n")
    assert sorted(find_show_conflicts(load_network(folder))) == ["", "two"]


def test_logo_and_font_of_a_theme_may_be_shared_by_the_shows(net):
    logo = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9v9z"/></svg>'
    (net / "logo.svg").write_text(logo)
    (net / "serif.woff2").write_bytes(b"wOF2 for a test")
    edit_file(net / "shows.yaml", "defaults:\n", "defaults:\n  theme: {logo: logo.svg, font: serif.woff2}\n")
    result = run(net, "build", "--show", "one", "--show", "two")
    assert result.exit_code == 0, result.output
    for name in ("one", "two"):
        assert {path.suffix for path in (net / f"shows/{name}/build/assets").iterdir()} >= {".svg", ".woff2"}


def test_show_selects_shows_by_name_or_path(net):
    _, shows = document_of(run(net, "status", "--show", "two", "--show", "shows/one/", "--json"))
    assert list(shows) == ["one", "two"]
    result = run(net, "status", "--show", "towo")
    assert result.exit_code == 2
    assert "no show 'towo' (did you mean 'two'?)" in result.stderr


def test_network_is_also_used_from_the_folder_of_one_of_its_shows(net):
    _, shows = document_of(run(net / "shows/one", "status", "--all", "--json"))
    assert list(shows) == ["one", "three", "two", None]


def test_folder_of_folders_needs_no_shows_yaml(tmp_path):
    folder = network(tmp_path, shows_file="", episodes=0)
    for name in ("one", "two"):
        with (folder / f"shows/{name}/podcast.yaml").open("a") as file:
            file.write(f"author: A\nlanguage: en\npublish: {{url: 'https://{name}.example/', to: public}}\n")
    _, shows = document_of(run(folder, "build", "--all", "--json"))
    assert [(name, row["exit"]) for name, row in shows.items()] == [("one", 0), ("two", 0)]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["plan", "--all", "--out", "a.plan"], "--out a.plan would be the same for 3 shows"),
        (["publish", "--all", "--to", "elsewhere"], "--to elsewhere would be the same for 3 shows"),
        (["publish", "--all", "12"], "12: episodes belong to one show"),
        (["check", "--all", "episodes/001-talk.md"], "episodes belong to one show"),
        (["status", "--jobs", "2"], "--jobs needs --all, --show or --changed"),
        (["build", "--changed", "nothing..HEAD"], "git cannot compare 'nothing..HEAD'"),
    ],
)
def test_options_that_shows_cannot_share_are_refused(net, arguments, text):
    result = run(net, *arguments)
    assert result.exit_code in {1, 2}
    assert text in result.stderr


def test_option_with_a_name_is_one_for_each_show(net, tmp_path):
    assert run(net, "plan", "--all", "--out", str(tmp_path / "{name}.plan")).exit_code == 0
    assert sorted(path.name for path in tmp_path.glob("*.plan")) == [
        "network.plan",
        "one.plan",
        "three.plan",
        "two.plan",
    ]


def make_commit(folder, message):
    identity = ("-c", "user.name=T", "-c", "user.email=t@example.com")
    subprocess.run(["git", "-C", folder, "add", "-A"], check=True)
    subprocess.run(["git", "-C", folder, *identity, "commit", "-qm", message], check=True)


def test_changed_selects_the_shows_that_a_range_touches(net):
    (net / ".gitignore").write_text("build/\n.podcast-kit/\npublic/\n")
    subprocess.run(["git", "init", "-q", net], check=True)
    make_commit(net, "first")
    edit_file(net / "shows/two/episodes/001-talk.md", "One paragraph.", "Two paragraphs.")
    make_commit(net, "second")
    _, shows = document_of(run(net, "build", "--changed", "HEAD~1..HEAD", "--json"))
    assert list(shows) == ["two", None]
    edit_file(net / "shows.yaml", "author: Tester", "author: Somebody")
    make_commit(net, "third")
    _, shows = document_of(run(net, "build", "--changed", "HEAD~1..HEAD", "--json"))
    assert list(shows) == ["one", "three", "two", None]
    (net / "README.md").write_text("Words.\n")
    make_commit(net, "fourth")
    result = run(net, "build", "--changed", "HEAD~1..HEAD")
    assert (result.exit_code, result.stderr) == (0, "no show was changed\n")


def test_page_lists_all_shows_when_only_some_were_changed(net):
    (net / ".gitignore").write_text("build/\n.podcast-kit/\n")
    subprocess.run(["git", "init", "-q", net], check=True)
    make_commit(net, "first")
    edit_file(net / "shows/two/podcast.yaml", "title: Show two", "title: Another title")
    make_commit(net, "second")
    assert run(net, "build", "--changed", "HEAD~1..HEAD").exit_code == 0
    page = (net / "build/index.html").read_text()
    assert all(title in page for title in ("Show one", "Another title", "Show three"))


def test_publish_all_needs_yes_without_a_terminal(net):
    result = run(net, "publish", "--all")
    assert result.exit_code == 1
    assert "not a terminal, so cannot ask for confirmation" in result.stderr
    assert not list(net.rglob("public"))


@pytest.mark.parametrize(("answer", "is_published"), [("n\n", False), ("y\n", True)])
def test_publish_all_shows_every_plan_and_asks_once(net, monkeypatch, answer, is_published):
    monkeypatch.setattr("podcast_kit.cli.network_runs.is_interactive", lambda: True)
    monkeypatch.setattr("podcast_kit.cli.questions.is_interactive", lambda: True)
    result = run(net, "publish", "--all", "--no-check", input=answer)
    assert result.output.count("Publish 4 shows?") == 1
    assert result.output.index("three: + “Talk 2”") < result.output.index("Publish 4 shows?")
    assert result.exit_code == (0 if is_published else 1), result.output
    published = sorted(path.parent.name for path in net.rglob("public/**/feed.xml"))
    assert published == (["one", "public", "three", "two"] if is_published else [])


def test_publish_all_publishes_the_page_last_and_is_done_the_second_time(net):
    assert run(net, "publish", "--all", "--yes", "--no-check").exit_code == 0
    assert (net / "public/feed.xml").read_bytes() == (net / "build/feed.xml").read_bytes()
    assert not (net / "podcast.lock").exists()
    _, shows = document_of(run(net, "publish", "--all", "--yes", "--no-check", "--json"))
    assert {row["summary"] for row in shows.values()} == {"nothing to do: everything is up to date"}
    _, shows = document_of(run(net, "plan", "--all", "--exit-code", "--json"))
    assert {row["exit"] for row in shows.values()} == {0}


def retitle(net, *names):
    for name in names:
        edit_file(net / f"shows/{name}/episodes/001-talk.md", "title: Talk 1", "title: Another talk")
    assert run(net, "publish", "--all", "--yes").exit_code == 0


def live_feed(net, name):
    return (net / f"public/{name}/feed.xml").read_text()


def test_rollback_all_previews_asks_once_and_rolls_back_what_has_an_earlier_feed(net, monkeypatch):
    assert run(net, "publish", "--all", "--yes").exit_code == 0
    retitle(net, "one", "two")
    preview = run(net, "rollback", "--show", "one", "--show", "two", "--dry-run")
    assert preview.exit_code == 0, preview.output
    assert "would make feed 1 live again" in preview.stderr
    assert "Another talk" in live_feed(net, "one")
    refused = run(net, "rollback", "--show", "one", "--show", "two")
    assert refused.exit_code == 1
    assert "rollback --all --dry-run" in refused.output
    monkeypatch.setattr("podcast_kit.cli.network_runs.is_interactive", lambda: True)
    monkeypatch.setattr("podcast_kit.cli.questions.is_interactive", lambda: True)
    done = run(net, "rollback", "--show", "one", "--show", "two", input="y\n")
    assert done.exit_code == 0, done.output
    assert done.output.count("Roll back 2 shows?") == 1
    assert all("Another talk" not in live_feed(net, name) for name in ("one", "two"))


def test_rollback_all_goes_on_where_a_show_has_no_earlier_feed(net):
    assert run(net, "publish", "--all", "--yes").exit_code == 0
    retitle(net, "two")
    result = run(net, "rollback", "--all", "--yes")
    assert result.exit_code == 1
    assert "one: error: no earlier feed to roll back to" in result.stderr
    assert "Another talk" not in live_feed(net, "two")
    assert "Another talk" not in (net / "public/feed.xml").read_text()
    assert "one show" in run(net, "rollback", "1", "--all", "--yes").output


def test_prune_all_deletes_only_what_no_feed_of_a_show_needs(net, monkeypatch):
    edit_file(net / "shows/one/episodes/001-talk.md", "title: Talk 1", "transcript: talk.vtt\ntitle: Talk 1")
    for number in range(4):  # each publish replaces the transcript, and the feed that names it
        text = f"WEBVTT\n\n00:00.000 --> 00:05.000\n<v Ann>Take {number}\n"
        (net / "shows/one/episodes/talk.vtt").write_text(text)
        assert run(net, "publish", "--all", "--yes", "--no-check").exit_code == 0
    options = ("--days", "0", "--keep", "1")
    preview = run(net, "prune", "--all", "--dry-run", *options, "--json")
    found = {name: row["document"]["found"] for name, row in document_of(preview)[1].items()}
    assert set(found) == {"one", "two", "three", None}
    assert found["one"]
    paths = [net / "public/one" / key for key in found["one"]]
    assert all(path.exists() for path in paths)
    monkeypatch.setattr("podcast_kit.cli.network_runs.is_interactive", lambda: True)
    monkeypatch.setattr("podcast_kit.cli.questions.is_interactive", lambda: True)
    kept = run(net, "prune", "--all", *options, input="n\n")
    assert kept.exit_code == 1
    assert all(path.exists() for path in paths)
    done = run(net, "prune", "--all", *options, input="y\n")
    assert done.exit_code == 0, done.output
    assert not any(path.exists() for path in paths)
    assert (net / "public/one/feed.xml").exists()


def test_doctor_all_checks_the_place_of_every_show_and_of_the_page(net):
    result = run(net, "doctor", "--all", "--json")
    rows = {name: row["document"] for name, row in document_of(result)[1].items()}
    assert set(rows) == {"one", "two", "three", None}
    assert all(report["findings"] for report in rows.values())


def test_pending_changes_are_not_a_failure(net):
    result = run(net, "plan", "--all", "--exit-code")
    assert result.exit_code == 3
    assert result.stderr.splitlines()[-1] == "3 shows, all ok"


def test_page_only_lists_episodes_that_are_published(net):
    assert run(net, "publish", "--all", "--yes", "--no-check").exit_code == 0
    (net / "shows/one/episodes/002-talk.md").write_text("---\ntitle: [\n---\n")
    add_show(net / "shows/four")
    (net / "shows/four/podcast.yaml").write_text("title: Show four\ndescription: New.\npublish: {to: ''}\n")
    result = run(net, "publish", "--all", "--yes", "--no-check")
    assert result.exit_code == 1
    assert "Show four" not in (net / "public/index.html").read_text()


@pytest.mark.parametrize(("codes", "worst"), [([0, 3], 3), ([3, 1], 1), ([1, 4, 0], 4), ([5, 4, 2], 5), ([], 0)])
def test_exit_code_is_the_worst(codes, worst):
    assert find_worst_exit(codes) == worst


def kill_itself(console):
    if console.folder.name == "two":
        os.kill(os.getpid(), signal.SIGKILL)
    console.summarize("still here")


def raise_bug(console):
    raise ZeroDivisionError(str(console.folder))


@pytest.fixture
def replace_build(monkeypatch):
    """Replaces the function of `build` by another one; its module is imported before, for it would register itself."""
    assert cli.commands["build"]
    return lambda function: monkeypatch.setitem(COMMAND_FUNCTIONS, "build", function)


def make_tasks(folder, *names):
    return [ShowTask(name=name, folder=folder / name, command="build", arguments={}) for name in names]


def test_show_whose_process_is_killed_stops_no_other(tmp_path, monkeypatch, replace_build):
    replace_build(kill_itself)
    monkeypatch.setattr(show_runs, "is_fork_safe", lambda: True)
    results = run_shows(make_tasks(tmp_path, "one", "two", "three", "four"), 2)
    assert [(result.name, result.exit_code) for result in results] == [
        ("one", 0),
        ("two", 1),
        ("three", 0),
        ("four", 0),
    ]
    assert results[1].summary == "its process was killed"


def test_bug_in_a_show_shows_its_traceback_and_stops_no_other(tmp_path, monkeypatch, replace_build):
    replace_build(raise_bug)
    monkeypatch.setattr(show_runs, "is_fork_safe", lambda: True)
    results = run_shows(make_tasks(tmp_path, "one", "two"), 2)
    assert [result.exit_code for result in results] == [1, 1]
    assert "ZeroDivisionError" in results[0].text(is_stderr=True)


def test_processes_that_import_everything_anew_give_the_same_result(net, monkeypatch):
    run(net, "build", "--all")
    monkeypatch.setattr(show_runs, "is_fork_safe", lambda: False)
    _, shows = document_of(run(net, "build", "--all", "--json", "--jobs", "2"))
    changes = {name: row["summary"].rpartition("; ")[2] for name, row in shows.items()}
    assert changes == dict.fromkeys(shows, "nothing changed")


def test_check_formats_of_programs_are_one_document(net, monkeypatch):
    monkeypatch.chdir(net)
    rows = json.loads(run(net, "check", "--all", "--format", "gitlab").stdout)
    assert {row["location"]["path"] for row in rows} >= {"shows/one/podcast.yaml", "shows/two/podcast.yaml"}
    lines = run(net, "check", "--all", "--format", "github").stdout.splitlines()
    assert all(line.startswith("::") for line in lines)
    assert any("file=shows/three/podcast.yaml" in line for line in lines)


def wait_for_reader(console):
    """Prints a line, and ends when whoever reads it has written a file."""
    console.raw(f"a line of {console.folder.name}")
    deadline = time.monotonic() + 60
    while not (console.folder.parent / f"{console.folder.name}.read").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    console.raw("another line")
    click.echo("no end", nl=False)


def test_lines_of_live_shows_are_passed_on_while_they_run(tmp_path, monkeypatch, replace_build):
    replace_build(wait_for_reader)
    monkeypatch.setattr(show_runs, "is_fork_safe", lambda: True)
    lines = []

    def read(name, line):
        lines.append((name, line))
        (tmp_path / f"{name}.read").touch()

    tasks = [replace(task, is_live=True) for task in make_tasks(tmp_path, "one", "two", "three")]
    results = run_shows(tasks, 2, on_line=read)
    assert [result.exit_code for result in results] == [0, 0, 0]
    assert sorted(lines) == sorted(
        (name, line) for name in ("one", "two", "three") for line in (f"a line of {name}", "another line")
    )
    assert {result.text(is_stderr=False) for result in results} == {"no end"}


def test_nobody_waits_for_a_reader_of_live_lines_that_has_gone(tmp_path, monkeypatch, replace_build):
    replace_build(lambda console: [console.raw("x" * 3000) for _ in range(100)])
    monkeypatch.setattr(show_runs, "is_fork_safe", lambda: True)

    def read(_name, _line):
        raise BrokenPipeError

    results = []
    with pytest.raises(BrokenPipeError):
        run_shows([replace(make_tasks(tmp_path, "one")[0], is_live=True)], 1, results.append, read)
    assert [result.exit_code for result in results] == [0]


@pytest.mark.parametrize("is_forked", [True, False])
def test_events_say_which_show_they_are_of(net, monkeypatch, is_forked):
    monkeypatch.setattr(show_runs, "is_fork_safe", lambda: is_forked)
    result = run(net, "publish", "--all", "--yes", "--no-check", "--events")
    events = [json.loads(line) for line in result.stdout.splitlines()]
    assert {event["show"] for event in events} == {"one", "two", "three", "(network)"}


def test_config_tells_where_each_setting_comes_from(net, monkeypatch):
    monkeypatch.chdir(net)
    (net / "shows/one/podcast.yaml").write_text("title: One\nauthor: Own\ndescription: D.\npublish: {to: mine}\n")
    lines = run(net, "config", "--show", "one", "--origin").stdout.splitlines()
    assert "one: author: Own  (shows/one/podcast.yaml:2)" in lines
    assert "one: language: en  (shows.yaml:9)" in lines
    assert "one: publish.to: mine  (shows/one/podcast.yaml:4)" in lines
    assert "one: publish.url: https://net.example/one/  (shows.yaml:13)" in lines
    assert "one: timezone: UTC  (default)" in lines
    rows = json.loads(run(net / "shows/one", "config", "--json").stdout)["settings"]
    by_key = {row["key"]: row for row in rows}
    assert by_key["owner.email"] == {
        "key": "owner.email",
        "value": "t@pod.example",
        "origin": "network",
        "file": "../../shows.yaml",
        "line": 10,
        "column": 25,
    }
    assert by_key["type"]["origin"] == "default"


def test_config_never_shows_a_password(net):
    with (net / "shows/one/podcast.yaml").open("a") as file:
        file.write("copyright: https://me:correct-horse@pod.example/\n")
    assert "correct-horse" not in run(net, "config", "--show", "one", "--json").output


@pytest.mark.parametrize(
    ("arguments", "fix"),
    [
        (("build",), "pass --all or --show NAME, or -C with the folder of a show"),
        (("serve",), "pass --all or --show NAME, or -C with the folder of a show"),
        (("new", "A talk"), "pass --show NAME, or -C with the folder of a show"),
        (("export",), "go to the folder of a show, or pass it with -C"),
        (("private",), "go to the folder of a show, or pass it with -C"),
        (("prune",), "pass --all or --show NAME, or -C with the folder of a show"),
    ],
)
def test_command_for_one_show_in_the_folder_of_a_network_names_the_options_that_it_has(net, arguments, fix):
    result = run(net, *arguments)
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1].strip() == fix


NEW_NETWORK = (
    "--network",
    "--title",
    "Net: all",
    "--author",
    "Ann",
    "--email",
    "a@n.example",
    "--url",
    "https://n.example",
)


def test_init_creates_a_network_whose_new_shows_inherit(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run(tmp_path, "init", *NEW_NETWORK, "--to", "s3://bucket/pods")
    assert result.exit_code == 0, result.output
    assert "Next: run `podcast-kit init shows/NAME --title TITLE`" in result.stderr.splitlines()
    result = run(tmp_path, "init", "shows/news", "--title", "News", "--language", "de")
    assert result.exit_code == 0, result.output
    rows = json.loads(run(tmp_path / "shows/news", "config", "--json").stdout)["settings"]
    by_key = {row["key"]: (row["value"], row["origin"]) for row in rows}
    assert by_key["author"] == ("Ann", "network")
    assert by_key["language"] == ("de", "show")
    assert by_key["publish.url"] == ("https://n.example/news/", "network")
    assert by_key["publish.to"] == ("s3://bucket/pods/news", "network")
    assert run(tmp_path, "check", "--all").exit_code == 1  # there is no cover yet
    assert run(tmp_path, "init", *NEW_NETWORK).exit_code == 1
    result = run(tmp_path, "init", "shows/Über uns", "--title", "Über uns")
    assert "run `podcast-kit new RECORDING --show 'Über uns'`" in result.stderr
    assert "networks cannot contain networks" in run(tmp_path, "init", "sub", *NEW_NETWORK).stderr


def test_init_says_where_to_list_a_show_that_no_pattern_matches(tmp_path):
    run(tmp_path, "init", *NEW_NETWORK)
    result = run(tmp_path, "init", "elsewhere", "--title", "E")
    assert "shows.yaml does not list it yet: add a line `- elsewhere` below `shows:`" in result.stderr


def test_new_creates_an_episode_of_the_named_show(net):
    result = run(net, "new", "A new talk", "--show", "two")
    assert result.exit_code == 0, result.output
    assert [path.name for path in net.rglob("*a-new-talk.md")] == ["003-a-new-talk.md"]
    assert (net / "shows/two/episodes/003-a-new-talk.md").is_file()
    refused = run(net, "new", "A new talk", "--show", "nine")
    assert refused.exit_code == 2
    assert "no show 'nine' (use one of: one, three, two)" in " ".join(refused.output.split())


def test_preview_serves_every_show_below_its_name(net):
    import threading
    import urllib.error
    import urllib.request

    from podcast_kit import preview
    from podcast_kit.cli.network_preview import find_builds
    from podcast_kit.source.network import load_network

    mounts = find_builds(load_network(net))
    with preview.make_preview(net / "build", public_url="https://net.example/", mounts=mounts) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()

        def read_text(path):
            with urllib.request.urlopen(f"{server.url}{path}", timeout=60) as response:
                return response.read().decode()

        try:
            assert "Small network" in read_text("")
            assert "<h1>Show one</h1>" in read_text("one")
            assert f'feedUrl="{server.url}one/feed.xml"' in read_text("feed.xml")
            assert f'<atom:link href="{server.url}one/feed.xml" rel="self"' in read_text("one/feed.xml")
            for path in ("four/", "one/../../shows.yaml", "one/nothing", "one/%2e%2e/two/podcast.yaml"):
                with pytest.raises(urllib.error.HTTPError, match="404"):
                    read_text(path)
        finally:
            server.shutdown()


def test_show_may_publish_inside_of_its_network_but_not_into_another_show(net):
    assert run(net, "publish", "--show", "one", "--yes", "--no-check").exit_code == 0
    assert (net / "public/one/feed.xml").is_file()
    with (net / "shows/one/podcast.yaml").open("a") as file:
        file.write("publish: {to: ../two/public}\n")
    _, shows = document_of(run(net, "publish", "--show", "one", "--yes", "--json"))
    [problem] = shows["one"]["document"]["problems"]
    assert (problem["file"], problem["line"], problem["code"]) == ("shows/one/podcast.yaml", 4, "network.place")
    assert problem["message"] == "publish.to: '../two/public' is inside of the folder of the show two"


def test_conflict_is_also_refused_in_the_folder_of_one_show(net):
    with (net / "shows/one/podcast.yaml").open("a") as file:
        file.write("publish: {to: '../../public/two'}\n")
    for name, place in (("one", "podcast.yaml"), ("two", "../../shows.yaml")):
        [problem] = json.loads(run(net / "shows" / name, "plan", "--json").stdout)["problems"]
        assert (problem["code"], problem["file"]) == ("network.place", place)


def test_many_shows_with_one_place_have_one_problem_each(net):
    edit_file(net / "shows.yaml", "public/{name}", "public/all")
    _, shows = document_of(run(net, "plan", "--all", "--json"))
    for name in ("one", "two", "three"):
        [problem] = shows[name]["document"]["problems"]
        assert (problem["file"], problem["line"]) == ("shows.yaml", 13)
        assert problem["message"].endswith("and 1 more")


def test_name_of_a_show_stays_when_another_folder_has_it(net):
    edit_file(net / "shows.yaml", 'shows: ["shows/*"]', 'shows: ["shows/*", "more/*"]')
    (net / "more").mkdir()
    (net / "shows/two").rename(net / "more/one")
    rows = json.loads(run(net / "shows/one", "config", "--json").stdout)["settings"]
    assert {row["key"]: row["value"] for row in rows}["publish.url"] == "https://net.example/one/"
    _, shows = document_of(run(net, "plan", "--all", "--json"))
    assert {name: row["exit"] for name, row in shows.items() if name} == {"shows/one": 1, "three": 0, "more/one": 1}


def test_network_without_shows_is_an_error(tmp_path):
    (tmp_path / "shows.yaml").write_text("shows: []\n")
    result = run(tmp_path, "build", "--all")
    assert result.exit_code == 1
    assert "shows.yaml lists no show" in result.stderr


def test_pictures_and_templates_of_the_network_are_shared(net):
    (net / "people").mkdir()
    shutil.copy(net / "shows/one/cover.jpg", net / "people/ann.jpg")
    shutil.copy(net / "shows/one/cover.jpg", net / "shared-cover.jpg")
    with (net / "shows.yaml").open("a") as file:
        file.write("  people: [{name: Ann, image: people/ann.jpg}]\n")
    edit_file(net / "shows/one/podcast.yaml", "artwork: cover.jpg", "artwork: shared-cover.jpg")
    (net / "templates/strings").mkdir(parents=True)
    (net / "templates/strings/en.toml").write_text('episodes = "All our talks"\n')
    (net / "templates/moved.html").write_text("{% extends 'default/moved.html' %}\n")
    (net / "shows/two/templates/strings").mkdir(parents=True)
    (net / "shows/two/templates/strings/en.toml").write_text('episodes = "My talks"\n')
    assert run(net, "build", "--all").exit_code == 0
    pages = {name: (net / f"shows/{name}/build/index.html").read_text() for name in ("one", "two", "three")}
    assert {name: page.count("All our talks") > 0 for name, page in pages.items()} == {
        "one": True,
        "two": False,
        "three": True,
    }
    assert "My talks" in pages["two"]
    feed = (net / "shows/one/build/feed.xml").read_text()
    assert '<podcast:person role="host" group="cast" img="https://net.example/one/media/' in feed
    (net / "templates/404.html").write_text("<p>\n{% if %}\n")
    for name, code in (("one", 1), ("two", 1)):
        result = run(net / "shows" / name, "build", "--json")
        assert result.exit_code == code
        [problem] = json.loads(result.stdout)["problems"]
        assert (problem["file"], problem["line"]) == ("../../templates/404.html", 2)


def test_pictures_outside_of_the_network_are_refused(net):
    shutil.copy(net / "shows/one/cover.jpg", net.parent / "outside.jpg")
    edit_file(net / "shows/one/podcast.yaml", "artwork: cover.jpg", "artwork: ../../../outside.jpg")
    (net / "linked.jpg").symlink_to(net.parent / "outside.jpg")
    edit_file(net / "shows/two/podcast.yaml", "artwork: cover.jpg", "artwork: linked.jpg")
    _, shows = document_of(run(net, "check", "--show", "one", "--show", "two", "--json"))
    codes = {name: {problem["code"] for problem in row["document"]["problems"]} for name, row in shows.items()}
    assert "path.outside" in codes["one"]
    assert codes["two"] & {"file.missing", "path.outside"}


@pytest.mark.parametrize("seconds", [0, 0.3, 0.6])
def test_interrupt_ends_every_process_at_once(net, seconds):
    process = interrupts.start_program("build", "-C", str(net), "--all", stderr=subprocess.PIPE)
    time.sleep(seconds)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode in {0, 130, -signal.SIGINT}, errors  # a shell calls the last two 130
    assert "Traceback" not in errors
    assert interrupts.wait_until_gone(net)
