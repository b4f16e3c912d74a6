"""A CI file works for a show in any folder: nothing in its name is read as YAML, shell, glob or expression."""

import re
import shlex
import tempfile
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from podcast_kit.source import ci_templates
from podcast_kit.source.yaml import InvalidValue

NAMES = [
    "it's",
    "a # b",
    "${{ secrets.AWS_SECRET_ACCESS_KEY }}",
    "a: b",
    '"',
    "$(touch x)",
    "`x`",
    "[a]*",
    "!x",
    "-x",
    "#1",
    "{a}",
]
EXPRESSION = re.compile(r"\$\{\{ '(\$\{\{)' \}\}")


def evaluate(text):
    """A string of a workflow after GitHub has evaluated its expressions; only our own escapes may be left."""
    assert "${{" not in EXPRESSION.sub("", text)
    return EXPRESSION.sub(r"\1", text)


def render(folder, kind, name, target=ci_templates.CiTarget.PAGES):
    (folder / ".git").mkdir(parents=True, exist_ok=True)
    return yaml.safe_load(ci_templates.render_ci_file(kind, folder / name, target=target, to="public").text)


def commands(steps):
    return [shlex.split(evaluate(line)) for line in steps if line.startswith("podcast-kit")]


def check_names_of_github(folder, name):
    workflow = render(folder, "github", name)
    for job in workflow["jobs"].values():
        for words in commands(step["run"] for step in job["steps"] if "run" in step):
            assert words[2:4] == ["-C", name]
    assert evaluate(workflow["jobs"]["comments"]["steps"][-1]["working-directory"]) == name
    publish = workflow["jobs"]["publish"]["steps"]
    [site] = [step["with"]["path"] for step in publish if "upload-pages" in step.get("uses", "")]
    assert evaluate(site) == f"{name}/public"
    [saved] = [step["with"]["path"].splitlines() for step in publish if "cache/save" in step.get("uses", "")]
    kept = [re.sub(r"\\(.)", r"\1", evaluate(line)) for line in saved]
    assert [line.removeprefix("./") for line in kept] == [f"{name}/public", f"{name}/podcast.lock"]
    assert not any(line.startswith(("#", "!")) for line in saved)
    pattern = workflow[True]["push"]["paths"][0]
    assert re.sub(r"\\(.)", r"\1", pattern) == f"{name}/**"


def check_names_of_gitlab(folder, name):
    for job in (pipeline := render(folder, "gitlab", name)).values():
        for words in commands(job.get("script", ()) if isinstance(job, dict) else ()):
            assert words[2:4] == ["-C", name]
    assert shlex.split(pipeline["podcast-comments"]["script"][1]) == ["cd", f"./{name}"]
    assert pipeline["pages"]["pages"]["publish"] == f"{name}/public"
    assert pipeline["pages"]["cache"][1]["paths"] == [f"{name}/public", f"{name}/podcast.lock"]


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_may_have_characters_that_mean_something_elsewhere(tmp_path, name):
    check_names_of_github(tmp_path, name)
    if "$" not in name:
        check_names_of_gitlab(tmp_path, name)


@settings(max_examples=40)
@given(
    st.text(
        st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"], exclude_characters="/\\"),
        min_size=1,
        max_size=30,
    )
)
def test_a_folder_may_have_any_name(name):
    if name.strip() != name or name in {".", ".."}:
        return
    with tempfile.TemporaryDirectory() as folder:
        check_names_of_github(Path(folder), name)
        if "$" not in name:
            check_names_of_gitlab(Path(folder), name)


@pytest.mark.parametrize(("kind", "name"), [("github", "a\nrun: b"), ("gitlab", "a\x1b[0m"), ("gitlab", "$AWS_ROLE")])
def test_names_that_a_ci_file_cannot_contain_are_refused(tmp_path, kind, name):
    with pytest.raises(InvalidValue, match="name"):
        render(tmp_path, kind, name)
