"""Bar of moving out: a show that is exported and imported again has the same values, less the written list."""

import shutil
import zipfile
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from podcast_kit import builder, exporter
from podcast_kit.cli import cli
from podcast_kit.exporter import FORMAT_LIMITS, ExportFormat
from podcast_kit.io.temp_folder import TEMP_FOLDER_PREFIX
from podcast_kit.source import project
from tests.integration.test_import import Host
from tests.support import recorded_shows, shows
from tests.support.show_values import differing_values, show_values

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
FORMATS = (ExportFormat.CASTOPOD, ExportFormat.RSS, ExportFormat.HUGO, ExportFormat.PODLOVE)
NOT_OF_THE_SHOW = {"show publish", "show feed", "show timezone"}
"""What every import sets anew."""
SHOWS = ("sample", "every_key", "transcript_formats", "chapter_sources")
"""The sample show and three golden shows: of all keys, all formats of transcripts, all sources of chapters."""


def run(*arguments):
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], catch_exceptions=False)


@pytest.fixture
def published(tmp_path):
    """A function that writes a show and publishes it at a local server; the build, and the server."""
    hosts = []

    def publish(name):
        folder = tmp_path / name
        folder.mkdir()
        recorded_shows.SHOWS[name](folder)
        hosts.append(Host(folder / "build"))
        url = hosts[-1].url
        first = builder.build(load_at(folder, url), now=NOW)
        builder.write_lock(first)
        return builder.build(load_at(folder, url), now=NOW), hosts[-1]

    yield publish
    for host in hosts:
        host.close()


def load_at(folder, url):
    loaded = project.load_project(folder)
    return replace(loaded, show=replace(loaded.show, publish=replace(loaded.show.publish, url=url)))


def import_and_build(source, folder):
    result = run("import", source, folder, "--url", "https://new.example/", "--to", "public")
    assert result.exit_code == 0, result.output
    return builder.build(project.load_project(folder), now=NOW)


@pytest.mark.parametrize("name", SHOWS)
def test_a_show_comes_back_with_everything_that_is_not_on_the_list(published, tmp_path, name):
    build, host = published(name)
    before = show_values(build)
    for export_format in FORMATS if name == "sample" else FORMATS[1:]:
        output = tmp_path / f"{export_format}.xml"
        result = exporter.export_build(build, export_format, output)
        assert result.problems == ()
        source = output
        if output.is_file():
            shutil.copy(output, host.folder / output.name)
            source = f"{host.url}{output.name}"
        after = import_and_build(source, tmp_path / f"{export_format}-new")
        differences = differing_values(before, show_values(after))
        if export_format is ExportFormat.PODLOVE:
            differences.pop("show artwork", None)  # the files of an export may not lead to the test's private address
        listed = {limit.value for limit in FORMAT_LIMITS[export_format]}
        assert {key: value for key, value in differences.items() if key not in listed} == {}, export_format
        texts = {limit.value: limit.text for limit in FORMAT_LIMITS[export_format]}
        unsaid = {value for value in differences if texts[value] not in result.limits}
        assert unsaid <= NOT_OF_THE_SHOW, f"{export_format} loses what it does not say"


def test_a_folder_comes_back_as_it_was(tmp_path):
    folder = tmp_path / "show"
    folder.mkdir()
    recorded_shows.SHOWS["every_key"](folder)
    (folder / "resources").mkdir()
    (folder / "resources/list.md").write_text("Kept.")
    output = tmp_path / "show.zip"
    assert run("export", "-C", folder, "--format", "zip", "--output", output, "--drafts").exit_code == 0
    result = run("import", output, tmp_path / "new")
    assert result.exit_code == 0, result.output
    assert shows.tree(tmp_path / "new") == shows.tree(folder)
    again = run("import", output, tmp_path / "new")
    assert (again.exit_code, "already exists" in again.stderr) == (1, True)


def test_an_archive_of_a_stranger_brings_no_hidden_files_and_leaves_its_folder_alone(tmp_path):
    folder = shows.small(tmp_path / "show")
    run("export", "-C", folder, "--format", "zip", "--output", tmp_path / "show.zip")
    hostile = (".git/config", ".GIT/hooks/post-checkout", ".podcast-kit/consents", "episodes/.envrc", ".github/x.yml")
    with zipfile.ZipFile(tmp_path / "show.zip", "a") as archive:
        for name in hostile:
            archive.writestr(name, "x")
    assert run("import", tmp_path / "show.zip", tmp_path / "new").exit_code == 0
    files = shows.tree(tmp_path / "new")
    assert files == shows.tree(folder) | {".github/x.yml": b"x"}
    with zipfile.ZipFile(tmp_path / "show.zip", "a") as archive:
        archive.writestr("../outside.txt", "x")
    assert run("import", tmp_path / "show.zip", tmp_path / "other").exit_code == 1
    assert not (tmp_path / "outside.txt").exists()
    assert not list((tmp_path / "other").iterdir())


def test_every_limit_is_a_value_that_is_compared(tmp_path):
    folder = shows.small(tmp_path / "show", chapters="[{start: 0, title: A}]")
    build = builder.build(project.load_project(folder), now=NOW)
    names = {key[0] if isinstance(key, tuple) else key for key in show_values(build)}
    for export_format, limits in FORMAT_LIMITS.items():
        assert {limit.value for limit in limits} <= names, export_format


def test_drafts_are_in_a_hugo_site_on_request(tmp_path):
    folder = tmp_path / "show"
    folder.mkdir()
    recorded_shows.SHOWS["every_key"](folder)
    assert run("export", "-C", folder, "--format", "hugo", "--output", tmp_path / "a").exit_code == 0
    assert run("export", "-C", folder, "--format", "hugo", "--output", tmp_path / "b", "--drafts").exit_code == 0
    names = {path.name for path in (tmp_path / "b/content/episode").iterdir()}
    assert names - {path.name for path in (tmp_path / "a/content/episode").iterdir()} == {"002-talk.md", "003-talk.md"}
    assert "draft = true" in (tmp_path / "b/content/episode/003-talk.md").read_text()


def test_chapters_that_the_notes_list_are_not_listed_again(tmp_path):
    folder = tmp_path / "show"
    chapters = "[{start: 0, title: Welcome}, {start: 10, title: Next}, {start: 20, title: Last}]"
    shows.small(
        folder, notes="Text.\n\n- (00:00:00) Welcome\n- (00:00:10) Next\n- (00:00:20) Last\n", chapters=chapters
    )
    [item] = builder.build(project.load_project(folder), now=NOW).items
    assert item.notes.count("Welcome") == 1
    shows.add(folder, 2, notes="Text without times.\n", chapters=chapters)
    newest = builder.build(project.load_project(folder), now=NOW).items[0]
    assert newest.notes.count("Welcome") == 1


def test_a_feed_has_all_episodes_on_one_page_and_only_absolute_urls(published, tmp_path):
    build, _ = published("archive_pages")
    exporter.export_build(build, ExportFormat.RSS, tmp_path / "all.xml")
    text = (tmp_path / "all.xml").read_text("utf-8")
    assert text.count("<item>") == len(build.items) == 7
    assert "fh:archive" not in text
    assert 'rel="next"' not in text


def test_the_command_writes_the_feed_and_says_what_it_lacks(tmp_path):
    folder = tmp_path / "show"
    folder.mkdir()
    recorded_shows.SHOWS["every_key"](folder)
    result = run("export", "-C", folder, "--output", tmp_path / "out.xml")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "out.xml").read_bytes().startswith(b"<?xml")
    assert "left out: episodes/002-talk.md: scheduled" in result.stderr
    assert "rss cannot hold:" in result.stderr
    assert "its audio was never published" in result.stderr
    again = run("export", "-C", folder, "--output", tmp_path / "out.xml")
    assert (again.exit_code, "already exists" in again.stderr) == (1, True)


def test_import_of_an_archive_runs_again_after_it_was_killed(tmp_path):
    folder = shows.small(tmp_path / "show")
    run("export", "-C", folder, "--format", "zip", "--output", tmp_path / "show.zip")
    left = tmp_path / "new" / f"{TEMP_FOLDER_PREFIX}left"
    left.mkdir(parents=True)
    (left / "podcast.yaml").write_text("half of it")
    assert run("import", tmp_path / "show.zip", tmp_path / "new").exit_code == 0
    assert not left.exists()
    (tmp_path / "new/podcast.yaml").unlink()
    again = run("import", tmp_path / "show.zip", tmp_path / "new")
    assert (again.exit_code, "delete what an interrupted import left" in again.output) == (1, True)
