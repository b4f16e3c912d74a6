import re
from pathlib import Path

import pytest
from jinja2 import nodes

from podcast_kit import site
from podcast_kit.errors import InvalidInput
from podcast_kit.site.templates import default_templates, load_templates
from tests.support.site_factories import BASE, make_episode, make_item, make_show


@pytest.fixture
def write(tmp_path):
    def write(name, text):
        path = tmp_path / "templates" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return path

    return write


@pytest.fixture
def render(tmp_path):
    def render(key="episodes/001-one/index.html"):
        return site.render_site(make_show(), [make_item()], folder=tmp_path)[key].decode()

    return render


def problem(render):
    with pytest.raises(InvalidInput) as raised:
        render()
    (only,) = raised.value.problems
    return only


def test_a_shows_own_template_replaces_the_default(write, render):
    write("episode.html", "<h1>{{ item.episode.title }}</h1>")
    assert render() == "<h1>Number 1</h1>"


def test_one_block_of_a_default_template_can_be_overridden(write, render):
    write("episode.html", '{% extends "default/episode.html" %}{% block player %}<b>Mine</b>{% endblock %}')
    page = render()
    assert "<b>Mine</b>" in page
    assert "<audio" not in page
    assert "<h1>Number 1</h1>" in page


def test_an_own_base_template_applies_to_the_default_pages(write, render):
    write("base.html", '{% extends "default/base.html" %}{% block footer %}<footer>Mine</footer>{% endblock %}')
    assert "<footer>Mine</footer>" in render()
    assert "<footer>Mine</footer>" in render("follow/index.html")


def test_single_strings_can_be_overridden(write, render):
    write("strings/en.toml", 'download = "Take it along"')
    page = render()
    assert "Take it along" in page
    assert "Share from" in page


@pytest.mark.parametrize(
    ("text", "line", "code", "expected"),
    [
        pytest.param("<p>\n{{ item.nothing }}", 2, "template.render", "nothing", id="an unknown name"),
        pytest.param("<p>\n\n{% if item %}", 3, "template.syntax", "if", id="an open block"),
        pytest.param("{{ 1 / 0 }}", 1, "template.render", "division", id="any other mistake"),
        pytest.param('\n{% include "none.html" %}', 2, "template.missing", "none.html", id="a missing template"),
        pytest.param(
            '{% extends "defualt/episode.html" %}', 1, "template.missing", "defualt", id="a misspelled template"
        ),
        pytest.param("\n{{ t('no_such_word') }}", 2, "template.render", "no_such_word", id="an unknown string"),
    ],
)
def test_an_error_in_a_template_is_reported_with_its_line(write, render, text, line, code, expected):
    write("episode.html", text)
    reported = problem(render)
    assert (reported.location.path, reported.location.line, reported.code) == ("templates/episode.html", line, code)
    assert expected in reported.text


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        pytest.param("pieces.html", "{#\n#}\n{% macro icons(a, b) %}\n{{ nothing }}{% endmacro %}", 4, id="a macro"),
        pytest.param("pieces.html", "\n{% macro icons(a, b) %}", 2, id="an open macro"),
        pytest.param("mine.html", "\n{{ nothing }}", 2, id="an included piece"),
        pytest.param("base.html", "<p>\n{% block main %}\n{{ nothing }}{% endblock %}", 3, id="a base"),
        pytest.param("style.css", "a {\n{{ nothing }} }", 2, id="a style sheet"),
    ],
)
def test_an_error_in_a_shared_template_is_reported_with_its_line(write, render, name, text, line):
    write(name, text)
    write("404.html", '{% include "mine.html" %}' if name == "mine.html" else '{% extends "base.html" %}')
    reported = problem(lambda: render("404.html"))
    assert (reported.location.path, reported.location.line) == (f"templates/{name}", line)


@pytest.mark.parametrize("name", ["prompts/page.html", "prompts/feed.html", "prompts/text.txt"])
def test_an_error_in_a_prompt_template_is_reported_with_its_line(write, tmp_path, name):
    write(name, "\n\n{{ nothing }}")
    reported = problem(
        lambda: site.render_prompts(make_show(), make_episode(), folder=tmp_path, page_url=BASE, linked=())
    )
    assert (reported.location.path, reported.location.line) == (f"templates/{name}", 3)


def test_an_error_in_a_strings_file_is_reported_with_its_line(write, render):
    write("strings/en.toml", '# mine\ncopy = "x"\ndownload = ')
    reported = problem(render)
    assert (reported.location.path, reported.location.line, reported.code) == (
        "templates/strings/en.toml",
        3,
        "template.words",
    )
    write("strings/en.toml", "# mine\ncopy = 3\n")
    reported = problem(render)
    assert (reported.location.path, reported.location.line, reported.code) == (
        "templates/strings/en.toml",
        2,
        "template.words",
    )


def test_an_error_in_a_default_template_is_not_an_input_error(tmp_path):
    from podcast_kit.site.templates import load_templates

    with pytest.raises(Exception, match="show") as raised:
        load_templates(tmp_path).render("index.html", {})
    assert not isinstance(raised.value, InvalidInput)


def test_the_templates_digest_depends_on_the_templates(write, tmp_path):
    before = site.templates_digest(tmp_path)
    path = write("episode.html", "x")
    assert site.templates_digest(tmp_path) != before
    path.unlink()
    assert site.templates_digest(tmp_path) == before


def test_temporary_files_of_editors_are_not_templates(write, tmp_path):
    before = site.templates_digest(tmp_path)
    for name in (".episode.html.swp", "episode.html~", ".DS_Store"):
        write(name, "x")
    assert site.templates_digest(tmp_path) == before
    assert set(site.list_templates(tmp_path)) == {
        path.relative_to(default_templates()).as_posix() for path in default_templates().rglob("*") if path.is_file()
    }


@pytest.mark.parametrize("name", ["episode.html", "prompts/feed.html", "strings/de.toml"])
def test_a_template_can_be_ejected(tmp_path, name):
    path = site.eject_template(tmp_path, name)
    assert path == tmp_path / "templates" / name
    assert path.read_bytes() == (default_templates() / name).read_bytes()
    assert site.list_templates(tmp_path)[name]


def test_eject_does_not_overwrite_an_own_template(write, tmp_path):
    path = write("episode.html", "mine")
    with pytest.raises(InvalidInput):
        site.eject_template(tmp_path, "episode.html")
    assert path.read_text("utf-8") == "mine"


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "episdoe.html", ""])
def test_only_templates_can_be_ejected(tmp_path, name):
    with pytest.raises(InvalidInput):
        site.eject_template(tmp_path, name)
    assert not list(tmp_path.iterdir())


def test_there_is_no_code_among_the_templates():
    assert not list(default_templates().rglob("*.py"))


DOCS = Path(__file__).parents[3] / "docs" / "how-to" / "themes.md"


def example(language, number):
    return re.findall(rf"```{language}\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)[number]


def test_the_examples_in_the_docs_work(write, render):
    write("strings/en.toml", example("toml", 0))
    write("episode.html", example("jinja", 0))
    write("base.html", example("jinja", 1))
    page = render()
    assert "<audio" in page
    assert "Episode 1, recorded with a cup of tea." in page
    assert 'since 2019. <a href="../../follow/index.html">Follow</a>' in page
    assert "Come along, it&#39;s free" in render("index.html")


def test_default_templates_that_use_none_of_the_shows_need_no_sandbox(tmp_path, write):
    write("pieces.html", '{% extends "default/pieces.html" %}')
    templates = load_templates(tmp_path)
    rendered_in = {name: type(templates.environment_of(name)).__name__ for name in ("embed.html", "robots.txt")}
    assert rendered_in == {"embed.html": "SandboxedTemplates", "robots.txt": "TrustedTemplates"}


def test_pages_are_the_same_with_and_without_a_sandbox(tmp_path, write):
    plain = site.render_site(make_show(), [make_item()], folder=tmp_path)
    write("base.html", (default_templates() / "base.html").read_text("utf-8"))
    assert site.render_site(make_show(), [make_item()], folder=tmp_path) == plain


def test_every_template_that_a_default_one_uses_is_known(tmp_path):
    templates = load_templates(tmp_path)
    for path in default_templates().rglob("*.html"):
        name = path.relative_to(default_templates()).as_posix()
        environment = templates.environment_of(name)
        statements = environment.parse(path.read_text("utf-8")).find_all(
            (nodes.Extends, nodes.Import, nodes.FromImport, nodes.Include)
        )
        assert {statement.template.value for statement in statements} <= environment.names_used_by(name)
