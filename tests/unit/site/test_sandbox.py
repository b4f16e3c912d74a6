"""Templates of a stranger: they cannot run code, read files, or render without end; each refusal has file and line."""

import time

import pytest

from podcast_kit import site
from podcast_kit.errors import InvalidInput
from podcast_kit.site import sandbox
from tests.support import peak_memory
from tests.support.hostile_templates import ENDLESS_TEMPLATES, SANDBOX_ESCAPES
from tests.support.site_factories import make_item, make_show


def render(folder, text, name="404.html"):
    path = folder / "templates" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return site.render_site(make_show(), [make_item()], folder=folder)


def refusal(folder, text):
    with pytest.raises(InvalidInput) as caught:
        render(folder, "\n" + text)
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize("escape", SANDBOX_ESCAPES)
def test_an_escape_from_the_sandbox_runs_nothing(tmp_path, monkeypatch, escape):
    canary = tmp_path / "canary"
    monkeypatch.setenv("PODCAST_TEST_SECRET", "s3cr3t-canary")
    text = escape.replace("COMMAND", f"touch {canary}").replace("CANARY", str(canary))
    pages, problems = {}, ()
    try:
        pages = render(tmp_path, "\n" + text)
    except InvalidInput as error:
        problems = error.problems
    assert {problem.location.path for problem in problems} <= {"templates/404.html"}
    assert all(problem.location.line in {2, 3} for problem in problems), problems
    assert not any(secret in page for page in pages.values() for secret in (b"s3cr3t-canary", b"root:x:"))
    assert not any(shape in pages.get("404.html", b"") for shape in (b"<module", b"<class", b"&lt;class", b"__"))
    assert not canary.exists()


@pytest.mark.parametrize("text", ENDLESS_TEMPLATES)
def test_a_template_without_end_is_refused(tmp_path, monkeypatch, text):
    monkeypatch.setattr(sandbox, "MAX_TEMPLATE_SECONDS", 0.3)
    start, memory = time.process_time(), peak_memory.megabytes()
    problem = refusal(tmp_path, text)
    assert time.process_time() - start < 5
    assert peak_memory.megabytes() - memory < 300
    assert problem.location.path == "templates/404.html"
    assert problem.code in {"template.limit", "template.render"}


def test_an_unsafe_attribute_is_named_with_its_line(tmp_path):
    problem = refusal(tmp_path, "{{ cycler.__init__ }}")
    assert (problem.location.line, problem.code) == (2, "template.unsafe")
    assert "__init__" in problem.text


def test_a_template_cannot_be_loaded_from_elsewhere(tmp_path):
    (tmp_path / "secret.html").write_text("s3cr3t")
    for name in ("../secret.html", "/etc/passwd", "x/../../secret.html", "default/../../secret.html"):
        problem = refusal(tmp_path, f"{{% include {name!r} %}}")
        assert (problem.location.line, problem.code) == (2, "template.missing")


def test_templates_folder_that_is_a_link_out_of_the_show_is_refused(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/404.html").write_text("s3cr3t")
    (tmp_path / "show").mkdir()
    (tmp_path / "show/templates").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InvalidInput) as caught:
        site.render_site(make_show(), [make_item()], folder=tmp_path / "show")
    assert [(problem.location.path, problem.code) for problem in caught.value.problems] == [
        ("templates", "path.outside")
    ]


def test_a_link_inside_templates_is_followed(tmp_path):
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates/mine.html").write_text("<p>mine</p>")
    (tmp_path / "templates/404.html").symlink_to("mine.html")
    assert site.render_site(make_show(), [make_item()], folder=tmp_path)["404.html"] == b"<p>mine</p>"


def test_a_huge_template_is_refused_without_being_read(tmp_path):
    (tmp_path / "templates").mkdir()
    with (tmp_path / "templates/404.html").open("wb") as file:
        file.truncate(20_000_000_000)
    with pytest.raises(InvalidInput) as caught:
        site.render_site(make_show(), [make_item()], folder=tmp_path)
    assert [problem.code for problem in caught.value.problems] == ["file.long"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ 'ab' * 3 }}|{{ 2 ** 10 }}|{{ 7 % 4 }}|{{ [1] + [2] }}", "ababab|1024|3|[1, 2]"),
        ("{{ '%05.1f' % 3.14159 }}|{{ '{:>6}'.format('x') }}|{{ 'x'.center(5) }}|", "003.1|     x|  x  |"),
        ("{% for a in range(3) recursive %}{{ loop.index }}{% endfor %}", "123"),
        ("{% macro m(n) %}{{ n }}{{ caller() }}{% endmacro %}{% call m(1) %}x{% endcall %}", "1x"),
        ("{{ {'a': 1}.items()|list }}|{{ 'aXa'|upper|replace('A', 'b') }}", "[(&#39;a&#39;, 1)]|bXb"),
        ("{{ 'a' ~ 1 ~ 'b' }}|{{ 'x' if 1 in [1, 2] else 'y' }}|{{ 3 is odd }}", "a1b|x|True"),
        ("{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}", "ab"),
        ("{% set ns = namespace(n=0) %}{% for x in [1, 2] %}{% set ns.n = ns.n + x %}{% endfor %}{{ ns.n }}", "3"),
        ("{{ [3, 1]|sort|join(', ') }}|{{ 'a b'|urlencode }}|{{ {'b': 1}|tojson }}", '1, 3|a%20b|{"b": 1}'),
        ("{% for x in [1,2,3] if x != 2 %}{{ loop.index }}/{{ loop.length }} {% endfor %}", "1/2 2/2 "),
    ],
)
def test_what_templates_may_do_still_works(tmp_path, text, expected):
    page = render(tmp_path, text)["404.html"].decode()
    assert page.rstrip("|") == expected.rstrip("|")


def test_pages_that_are_slow_on_average_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(sandbox, "MAX_TEMPLATE_TOTAL_SECONDS", 0)
    monkeypatch.setattr(sandbox, "MAX_AVERAGE_TEMPLATE_SECONDS", 0)
    slow = "{% for a in range(99999) %}{% set b = 'a'|upper %}{% endfor %}"
    assert refusal(tmp_path, slow).code == "template.limit"


@pytest.mark.parametrize(
    "text",
    [
        'units = "x"',
        'months = "January"',
        'units = ""',
        f"a = {'[' * 5000}",
        f"a = {'{a=' * 3000}",
        "\n".join(f"a{number} = 1" for number in range(1500)),
        f"{'a.' * 3000}a = 1",
        f"date = {'{day}' * 1000!r}",
        "a = 'x'\n" * 9000,
    ],
)
def test_strings_that_cannot_be_used_are_refused(tmp_path, text):
    start = time.process_time()
    with pytest.raises(InvalidInput) as caught:
        render(tmp_path, text, "strings/en.toml")
    assert time.process_time() - start < 5
    assert {problem.location.path for problem in caught.value.problems} == {"templates/strings/en.toml"}
    assert {problem.code for problem in caught.value.problems} <= {"template.words", "file.long"}


def test_a_string_cannot_be_blown_up_by_its_placeholders(tmp_path):
    (tmp_path / "templates/strings").mkdir(parents=True)
    (tmp_path / "templates/strings/en.toml").write_text(f"big = '{'{x}' * 600}'")
    problem = refusal(tmp_path, "{{ t('big', x='y' * 1000000) }}")
    assert (problem.location.line, problem.code) == (2, "template.render")


def test_waiting_for_a_busy_machine_uses_no_time_of_a_template(monkeypatch):
    monkeypatch.setattr(sandbox, "MAX_TEMPLATE_SECONDS", 0.05)
    budget = sandbox._Budget()

    def render_without_end():
        while True:
            budget.use_steps(0)

    time.sleep(0.1)
    budget.use_steps()
    with pytest.raises(sandbox.TemplateLimitExceeded, match=r"more than 0\.05 s"):
        render_without_end()
