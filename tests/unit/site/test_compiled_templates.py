"""Compiled templates are kept from run to run, where only the user can write."""

import os

import pytest
from jinja2 import Environment

from podcast_kit.io.consent import private_folder
from podcast_kit.site import templates
from podcast_kit.site.compiled_templates import COMPILED_FOLDER

NAME = "embed.html"


@pytest.fixture
def compiled(monkeypatch, tmp_path):
    """The names of the templates that are compiled, as by a new process each time."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    names = []
    compile_source = Environment.compile

    def record_compile(self, source, name=None, filename=None, raw=False, defer_init=False):
        names.append(name)
        return compile_source(self, source, name, filename, raw, defer_init)

    monkeypatch.setattr(Environment, "compile", record_compile)
    yield names
    templates._load_trusted_templates.cache_clear()


def load(name=NAME):
    """The template as a new process has it."""
    templates._load_trusted_templates.cache_clear()
    return templates._load_trusted_templates(()).get_template(name)


def kept_files():
    return sorted(private_folder(COMPILED_FOLDER).iterdir())


def test_a_template_is_compiled_once(compiled):
    load()
    load()
    assert compiled == [NAME]


@pytest.mark.usefixtures("compiled")
def test_what_is_kept_is_only_the_users():
    load()
    [kept] = kept_files()
    assert kept.stat().st_mode & 0o077 == 0
    assert kept.parent.stat().st_mode & 0o077 == 0


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_what_others_could_have_written_is_not_run(compiled, mode):
    load()
    kept_files()[0].chmod(mode)
    load()
    assert compiled == [NAME, NAME]


@pytest.mark.parametrize("damage", [b"", b"x", lambda data: data[:-1], lambda data: data[:70] + b"?" + data[71:]])
def test_damaged_code_is_not_run(compiled, damage):
    load()
    [kept] = kept_files()
    kept.write_bytes(damage(kept.read_bytes()) if callable(damage) else damage)
    load()
    assert compiled == [NAME, NAME]


def test_another_template_of_the_same_name_is_compiled(compiled, monkeypatch, tmp_path):
    load()
    text = (templates.default_templates() / NAME).read_text("utf-8")
    other = tmp_path / "templates"
    other.mkdir()
    monkeypatch.setattr(templates, "default_templates", lambda: other)
    for edit in ("A", "B"):
        (other / NAME).write_text(edit + text, "utf-8")
        load()
    assert compiled == [NAME] * 3


def test_code_of_another_version_is_not_run(compiled, monkeypatch):
    load()
    monkeypatch.setattr("podcast_kit.site.compiled_templates.__version__", "0.0.1")
    load()
    assert compiled == [NAME, NAME]


def test_without_a_folder_templates_are_compiled_each_time(compiled, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    load()
    load()
    assert compiled == [NAME, NAME]


@pytest.mark.usefixtures("compiled")
def test_templates_of_a_show_are_never_kept(tmp_path):
    own = tmp_path / "show" / "templates"
    own.mkdir(parents=True)
    (own / NAME).write_text("own", "utf-8")
    assert templates.Templates(tmp_path / "show", "digest").render(NAME, {}) == "own"
    assert not private_folder(COMPILED_FOLDER).exists() or kept_files() == []
