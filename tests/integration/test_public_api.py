"""The public Python API: documented, lazily imported, typed, and used by the example script."""

import importlib
import inspect
import pkgutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

import podcast_kit
from podcast_kit import model
from podcast_kit.errors import InvalidInput
from tests.support import shows

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs/examples/publish_from_python.py"
FUNCTIONS = {"load_project", "build_show", "check_show", "make_plan", "publish_show", "verify_feed", "import_feed"}


@pytest.fixture
def project(tmp_path):
    return podcast_kit.load_project(shows.small(tmp_path / "show", episodes=2))


def test_all_has_the_functions_and_every_type_of_the_model():
    model_types = {name for name in model.__all__ if inspect.isclass(getattr(model, name))}
    assert set(podcast_kit.__all__) >= FUNCTIONS | model_types
    assert {name for name in podcast_kit.__all__ if name[0].islower()} == FUNCTIONS


def test_every_public_name_is_documented():
    undocumented = [name for name in podcast_kit.__all__ if not inspect.getdoc(getattr(podcast_kit, name))]
    assert undocumented == []


def test_no_public_name_is_that_of_a_submodule():
    submodules = {module.name for module in pkgutil.iter_modules(podcast_kit.__path__)}
    assert submodules & set(podcast_kit.__all__) == set()


def test_publish_package_exports_no_name_of_a_submodule():
    package = importlib.import_module("podcast_kit.publish")
    submodules = {module.name for module in pkgutil.iter_modules(package.__path__)}
    assert submodules & set(package.__all__) == set()
    assert all(getattr(package, name) for name in package.__all__)


def test_import_of_the_package_is_light():
    source = "import sys, podcast_kit; print(*sorted(name for name in sys.modules if name.startswith('podcast_kit')))"
    process = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert process.stdout.split() == ["podcast_kit"]


def test_unknown_attribute_is_an_error():
    with pytest.raises(AttributeError, match="no_such_name"):
        podcast_kit.no_such_name  # noqa: B018


def test_make_plan_changes_nothing(project):
    build = podcast_kit.build_show(project, now=NOW)
    prepared = podcast_kit.make_plan(build, now=NOW)
    assert {change.key for change in prepared.plan.pending} == set(build.outputs)
    assert not (project.folder / "public").exists()


def test_publish_show_publishes_once(project):
    outcomes = list(podcast_kit.publish_show(project, now=NOW))
    assert [outcome.key for outcome in outcomes if outcome.action == "uploaded"][-1] == "feed.xml"
    assert (project.folder / "podcast.lock").is_file()
    published = podcast_kit.load_project(project.folder)
    assert list(podcast_kit.publish_show(published, now=NOW)) == []


def test_publish_show_writes_nothing_when_not_confirmed(project):
    prepared = []
    assert list(podcast_kit.publish_show(project, now=NOW, confirm=prepared.append)) == []
    assert len(prepared) == 1
    assert not (project.folder / "public").exists()
    assert not (project.folder / "podcast.lock").exists()


def test_publish_show_refuses_removed_episode(project):
    list(podcast_kit.publish_show(project, now=NOW))
    published = podcast_kit.load_project(project.folder)
    fewer = replace(published, episodes=published.episodes[:1])
    with pytest.raises(InvalidInput) as raised:
        list(podcast_kit.publish_show(fewer, now=NOW))
    assert [problem.code for problem in raised.value.problems] == ["pb.removed"]
    options = podcast_kit.PublishOptions(allow=["removed"])
    assert list(podcast_kit.publish_show(fewer, now=NOW, options=options))


def test_publish_show_checks_the_build(project):
    nameless = replace(project, show=replace(project.show, categories=()))
    with pytest.raises(InvalidInput):
        list(podcast_kit.publish_show(nameless, now=NOW))
    assert not (project.folder / "public").exists()


def test_publish_show_leaves_out_episodes_after_due(project):
    earlier = min(episode.date for episode in project.episodes)
    build_time = earlier.astimezone(UTC)
    list(podcast_kit.publish_show(project, now=NOW, due=build_time))
    assert (project.folder / "public/feed.xml").read_text().count("<item>") == 1


def test_verify_feed_reports_an_unreachable_address(project):
    unreachable = replace(project.show.publish, url="http://127.0.0.1:9/")
    build = podcast_kit.build_show(replace(project, show=replace(project.show, publish=unreachable)), now=NOW)
    outcomes = list(podcast_kit.verify_feed(build))
    assert [outcome.key for outcome in outcomes] == list(build.outputs)
    assert all("refuses the connection" in outcome.error for outcome in outcomes)


def test_import_feed_writes_a_show_that_loads(project, tmp_path):
    build = podcast_kit.build_show(project, now=NOW)
    folder = tmp_path / "imported"
    result = podcast_kit.import_feed(
        str(build.folder / "feed.xml"), folder, url="https://new.example/", to="public", files=False
    )
    assert (result.folder, result.episodes) == (folder, 2)
    imported = podcast_kit.load_project(folder)
    assert {episode.guid for episode in imported.episodes} == {episode.guid for episode in project.episodes}


def test_example_script_publishes_to_a_folder(project):
    command = [sys.executable, str(EXAMPLE), str(project.folder)]
    first, second = (subprocess.run(command, capture_output=True, text=True, check=False) for _ in range(2))
    assert (first.returncode, second.returncode) == (0, 0), first.stdout + first.stderr
    assert "uploaded feed.xml" in first.stdout
    assert "uploaded" not in second.stdout
    assert (project.folder / "public/feed.xml").is_file()


def test_example_is_shown_in_the_documentation():
    assert EXAMPLE.read_text() in (ROOT / "docs/how-to/python.md").read_text()


def test_example_is_typed(tmp_path):
    pytest.importorskip("mypy")
    wrong = tmp_path / "wrong.py"
    wrong.write_text("import podcast_kit\n\npodcast_kit.load_project(1)\n")
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary"]
    correct = subprocess.run([*command, str(EXAMPLE)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (correct.returncode, correct.stdout) == (0, "")
    refused = subprocess.run([*command, str(wrong)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert '"load_project" has incompatible type "int"' in refused.stdout
