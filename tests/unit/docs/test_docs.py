"""The documentation describes the program as it is: commands, options, keys, codes and examples exist."""

import re

import click
import pytest
import yaml

from docs import _generate
from podcast_kit import check
from podcast_kit.cli import cli
from podcast_kit.errors import ExitCode, InvalidInput
from podcast_kit.source import core_keys, lock, project
from tests.support import documents
from tests.support.shows import ROOT

NAMES = ["README.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md", *documents.DOCUMENT_NAMES]
TEXTS = {name: (ROOT / name).read_text("utf-8") for name in NAMES}
GENERATED = _generate.generated_pages()
PAGES = {path.removeprefix("docs/"): TEXTS[path] for path in documents.DOCUMENT_NAMES} | GENERATED
PLACEHOLDERS = {"COMMAND", "KEY", "CODE"}
SHOW_EXAMPLES = [
    pytest.param(block.text, id=f"{name}-{number}")
    for name, text in PAGES.items()
    for number, block in enumerate(documents.code_blocks(text))
    if block.language == "yaml" and block.title == "podcast.yaml" and "problems/" not in name
]
EPISODE_EXAMPLES = [
    pytest.param(block.text, id=f"{name}-{number}")
    for name, text in PAGES.items()
    for number, block in enumerate(documents.code_blocks(text))
    if block.language == "yaml" and block.title == "front matter"
]


def unknown_words(words):
    """What of a command line is not a command, or not an option of it."""
    if not words or words[0].startswith("-"):
        return [word for word in words if word.startswith("-") and word not in options_of(cli)]
    if words[0] in PLACEHOLDERS:
        return []
    if words[0] not in cli.commands:
        return [words[0]]
    known = options_of(cli.commands[words[0]])
    return [word for word in words[1:] if word.startswith("-") and word.partition("=")[0] not in known]


def options_of(command):
    options = [param for param in command.params if isinstance(param, click.Option)]
    return {"-h", "--help", *(name for param in options for name in (*param.opts, *param.secondary_opts))}


def test_commands_and_options_in_documents_exist():
    wrong = [
        f"{name}: podcast-kit {' '.join(words)}: {unknown}"
        for name, text in TEXTS.items()
        if name != "CHANGELOG.md"  # names options as they were before
        for words in documents.command_lines(text)
        for unknown in unknown_words(words)
    ]
    assert wrong == []


def test_options_that_documents_name_alone_exist():
    known = set().union(*(options_of(command) for command in (cli, *cli.commands.values())))
    texts = {name: TEXTS[name] for name in documents.DOCUMENT_NAMES}
    named = {option for text in texts.values() for option in re.findall(r"`(--[a-z][a-z-]+)`", text)}
    assert named - known == set()


def test_links_between_pages_resolve():
    missing = []
    generated = {documents.DOCS / path for path in GENERATED}
    for page, text in PAGES.items():
        for target in documents.local_links(text):
            path = ((documents.DOCS / page).parent / target.partition("#")[0]).resolve()
            if path not in generated and not path.is_file():
                missing.append(f"{page}: {target}")
    assert missing == []


def test_every_page_is_in_the_menu():
    menu = re.findall(
        r"^ +- .*: (\S+\.md)$|^  - .*: (\S+\.md)$", (ROOT / "mkdocs.yml").read_text("utf-8"), re.MULTILINE
    )
    listed = {first or second for first, second in menu}
    assert {name.removeprefix("docs/") for name in documents.DOCUMENT_NAMES} - listed == set()


def with_files(folder, read):
    """What `read` returns once every file that it misses exists."""
    for _ in range(20):
        problems = read()
        missing = [problem for problem in problems if problem.code == "file.missing"]
        paths = [match[1] for problem in missing if (match := re.search(r"'([^']+\.\w+)'", problem.text))]
        if not paths:
            return problems
        for path in paths:
            for base in (folder, folder / "episodes"):
                (base / path).parent.mkdir(parents=True, exist_ok=True)
                (base / path).write_bytes(b"")
    raise AssertionError(missing)


def problems_of(folder, show="", front=""):
    """Problems of a small show with these lines."""
    (folder / "episodes").mkdir(exist_ok=True)
    (folder / "podcast.yaml").write_text(_generate.replace_keys(_generate.BASE_SHOW, show), "utf-8")
    text = _generate.replace_keys(_generate.BASE_EPISODE, front)
    (folder / "episodes/001-talk.md").write_text(f"---\n{text}---\n{_generate.BASE_NOTES}", "utf-8")

    def read():
        try:
            return project.load_project(folder).warnings
        except InvalidInput as error:
            return error.problems

    return with_files(folder, read)


@pytest.mark.parametrize("text", SHOW_EXAMPLES)
def test_examples_of_podcast_yaml_are_read_without_a_problem(text, tmp_path):
    assert problems_of(tmp_path, show=text) == ()


@pytest.mark.parametrize("text", EPISODE_EXAMPLES)
def test_examples_of_front_matter_are_read_without_a_problem(text, tmp_path):
    assert problems_of(tmp_path, front=text) == ()


@pytest.mark.parametrize("name", documents.DOCUMENT_NAMES)
def test_every_yaml_block_says_which_file_it_belongs_to(name):
    blocks = [block for block in documents.code_blocks(TEXTS[name]) if block.language in {"yaml", "yml"}]
    assert [block.text for block in blocks if not block.title] == []
    for block in blocks:
        yaml.safe_load(block.text)


@pytest.mark.parametrize("entry", _generate.problem_examples(), ids=lambda entry: entry["code"])
def test_examples_of_problems_cause_that_problem(entry):
    assert entry["code"] in {problem.code for problem in _generate.example_problems(entry)}


def test_every_command_key_and_code_has_a_page():
    keys = {key.name for key in (*core_keys.SHOW_KEYS, *core_keys.EPISODE_KEYS)} | set(_generate.namespace_keys())
    expected = {f"reference/commands/{name}.md" for name in cli.commands}
    expected |= {f"reference/keys/{name}.md" for name in keys}
    expected |= {f"reference/problems/{code}.md" for code in check.list_codes()}
    assert expected - GENERATED.keys() == set()


def test_every_rule_has_an_example_a_reason_and_a_fix():
    lacking = {
        entry["code"]: heading
        for entry in check.list_rules()
        for heading in ("## Why\n", "## Example\n", "## Fix\n")
        if heading not in GENERATED[f"reference/problems/{entry['code']}.md"]
    }
    assert lacking == {}


def test_every_exit_code_is_documented():
    listed = set(map(int, re.findall(r"^\| `(\d+)`", GENERATED["reference/exit-codes.md"], re.MULTILINE)))
    assert {*map(int, ExitCode), 0, 2} <= listed


def test_every_key_of_podcast_lock_is_documented():
    page = TEXTS["docs/reference/podcast-lock.md"]
    (example,) = [block.text for block in documents.code_blocks(page) if block.title == "podcast.lock"]
    entries = lock.parse_lock(example.encode())
    assert len(entries) == 1
    rendered = lock.render_lock(entries).decode()
    assert rendered.partition("\n")[2] == example
    table = page.partition("| key | what |")[2].partition("## ")[0]
    keys = set(re.findall(r"^ *(?:- )?([a-z_0-9]+):", rendered, re.MULTILINE)) - {"episodes"}
    assert {key for key in keys if f"`{key}`" not in table} == set()


def test_the_tutorial_shows_the_episode_that_new_creates():
    from datetime import datetime

    from podcast_kit.source import scaffold

    shown = [block.text for block in documents.code_blocks(TEXTS["docs/tutorial.md"]) if block.text.startswith("---\n")]
    title, guid = "More social, less media", "5b322f44-25b3-4fbd-8b64-22c5a5b52877"
    created = scaffold.render_episode_file(
        title=title, guid=guid, date=datetime.fromisoformat("2026-11-22 08:00"), number=1
    )
    assert shown == [created]
