import json
import shutil

import pytest
from click.testing import CliRunner

from podcast_kit import check
from podcast_kit.cli import cli
from tests.support.checked_shows import build_show, edit_file, make_clean_show

OWNER = "owner: {name: Tester, email: t@pod.example}\n"


@pytest.fixture(scope="session")
def clean_show(tmp_path_factory):
    return make_clean_show(tmp_path_factory.mktemp("clean") / "show")


@pytest.fixture
def show(clean_show, tmp_path):
    return shutil.copytree(clean_show, tmp_path / "show", ignore=shutil.ignore_patterns("build", ".podcast-kit"))


def run(*arguments, **settings):
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], **settings)


def test_problems_and_their_count_go_to_stdout(show):
    edit_file(show / "episodes/001-talk.md", "About listening", "About <i>it</i>")
    done = run("check", "-C", show)
    assert done.exit_code == 1
    assert "episodes/001-talk.md:2:1: error: the title contains HTML: '<i>' (" in done.stdout
    assert "[it.title]" in done.stdout
    assert done.stdout.endswith("[it.title]\n1 error\n")
    assert not done.stderr
    assert json.loads(run("check", "-C", show, "--json").stdout)["problems"][0]["code"] == "it.title"


def test_github_gets_an_annotation_and_a_summary(show, tmp_path):
    edit_file(show / "episodes/001-talk.md", "About listening", "About <i>it</i>, 100%")
    summary = tmp_path / "summary.md"
    done = run("check", "-C", show, env={"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)})
    assert "001-talk.md,line=2,col=1,title=it.title::the title contains HTML: '<i>'" in done.stdout
    assert "| error |" in summary.read_text()


def test_gitlab_gets_a_code_quality_report(show):
    edit_file(show / "episodes/001-talk.md", "About listening", "About <i>it</i>")
    (entry,) = json.loads(run("check", "-C", show, "--format", "gitlab").stdout)
    assert entry["check_name"] == "it.title"
    assert entry["location"]["lines"]["begin"] == 2


def test_only_problems_of_named_files_are_reported(show):
    edit_file(show / "podcast.yaml", OWNER, "")
    edit_file(show / "episodes/001-talk.md", "About listening", "About <i>it</i>")
    assert "it.title" not in run("check", "-C", show, show / "podcast.yaml").stdout
    assert "ch.owner" not in run("check", "-C", show, show / "episodes/001-talk.md").stdout


@pytest.mark.parametrize("name", [".", "episodes", "episodes/", ".."])
def test_folder_stands_for_all_files_in_it(show, name):
    edit_file(show / "episodes/001-talk.md", "About listening", "S1E1 About <i>it</i>")
    assert "[it.title]" in run("check", "-C", show, f"{show}/{name}").stdout


def test_mistyped_or_foreign_path_is_a_problem(show, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    done = run("check", "-C", show, show / "episodes/001-tlak.md", show / ("x" * 300), elsewhere)
    assert (done.exit_code, done.stdout.count("[file.missing]")) == (1, 3)


def test_mistyped_name_of_an_episode_gets_a_suggestion(show):
    slug = next((show / "episodes").glob("*talk.md")).stem
    for name in ("talk", f"{slug}x"):
        done = run("check", "-C", show, name)
        assert (done.exit_code, f"did you mean {slug!r}?" in done.stdout) == (1, True), done.stdout


def test_name_of_an_episode_is_not_missing_while_the_show_cannot_be_read(show):
    edit_file(show / "podcast.yaml", "title:", "titel:")
    done = run("check", "-C", show, "001-talk")
    assert (done.exit_code, "file.missing" in done.stdout, "titel" in done.stdout) == (1, False, True), done.stdout


def test_strict_treats_warnings_as_errors(show):
    edit_file(show / "podcast.yaml", "explicit: false", "explicit: false\nblock: true")
    assert run("check", "-C", show).exit_code == 0
    assert run("check", "-C", show, "--strict").exit_code == 1


def test_feed_file_with_problems_fails(show):
    path = build_show(show).folder / "feed.xml"
    assert run("check", path).exit_code == 0
    path.write_bytes(path.read_bytes().replace(b"<language>en<", b"<language>xx<"))
    assert run("check", path).exit_code == 1


def test_missing_feed_file_is_an_error(tmp_path):
    done = run("check", tmp_path / "feed.xml")
    assert (done.exit_code, "cannot be read" in done.output) == (1, True)


def test_explain_lists_all_rules_or_those_of_a_platform():
    lines = run("explain").stdout.splitlines()
    assert len(lines) == len(check.list_rules())
    assert all(line.endswith(".") for line in lines)
    assert run("explain", "--platform", "youtube").stdout.split()[0] == "ch.owner.email"
    assert len(json.loads(run("explain", "--json").stdout)["rules"]) == len(lines)


@pytest.mark.parametrize("code", ["art.square", "key.unknown", "pb.to", "sp.limits"])
def test_explain_shows_meaning_reason_and_fix_of_every_kind_of_code(code):
    explanation = check.explain_code(code)
    output = " ".join(run("explain", code).stdout.split())
    assert output.startswith(f"{code}: {explanation['summary']}")
    assert all(" ".join(explanation[name].split()) in output for name in ("why", "fix"))
    assert "mend" not in output


def test_explain_json_keeps_the_older_keys():
    document = json.loads(run("explain", "art.square", "--json").stdout)
    assert (document["says"], document["mend"]) == (document["summary"], document["fix"])


def test_explain_suggests_similar_codes():
    done = run("explain", "it.guidd")
    assert (done.exit_code, "it.guid" in done.stderr) == (1, True)
    unlike = run("explain", "nonsense")
    assert unlike.exit_code == 1
    assert "did you mean" not in unlike.stderr
    assert "`podcast-kit explain` lists" in unlike.stderr
