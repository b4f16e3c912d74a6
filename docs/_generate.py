"""The reference pages of the documentation, generated from the code when MkDocs builds it.

A hook of MkDocs (see mkdocs.yml): commands come from Click, keys from the tables that podcast.yaml is read by, and
problems from the registry of codes. Generated pages are never written into docs/.
"""

from __future__ import annotations

import difflib
import html
import inspect
import json
import re
import tempfile
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.testing import CliRunner

from podcast_kit import check, cli, namespaces
from podcast_kit.errors import InvalidInput, Problem
from podcast_kit.site import listen_links
from podcast_kit.source import core_keys, project

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

DOCS = Path(__file__).parent
RULE_CASES = DOCS.parent / "tests/golden/faults"
PROBLEM_EXAMPLES = DOCS / "_problem_examples.toml"
SHOW_FILE, EPISODE_FILE = "podcast.yaml", "an episode's front matter"
FIELD_NEEDS = ("optional", "recommended", "required")
KEY_FILES = {SHOW_FILE: "podcast.yaml", EPISODE_FILE: "Front matter"}
MAX_EXAMPLES = 3
MAX_EXAMPLE_LINE = 200
"""Characters; some cases are about values of thousands."""
CASE_SUBJECTS = {
    "images": "A square JPEG with 3000 pixels per side in RGB, except for",
    "audio": "A good recording, except for",
    "responses": "A host that answers correctly, except for",
}
WHOLE_FEEDS = {
    "items removed": "A feed without items.\n",
    "trailer removed": "A feed without an episode that the published feed has.\n",
}
CASE_NAMES = {
    "all": "every answer: ",
    "conditional_get": "answer to a conditional request: ",
    "every": "header of every answer: ",
    "frozen": "already published ",
    "gzip_get": "answer to Accept-Encoding: gzip: ",
    "head": "answer to HEAD: ",
    "loudness": "measured loudness: ",
    "name": "file name ",
    "range_get": "answer to a byte range: ",
    "redirects": "redirects ",
    "tags": "tags in the file: ",
    "url": "address ",
    "without": "missing headers ",
}
EPISODE_PATH = "episodes/001-talk.md"
BASE_SHOW = """\
title: Talks
description: Two people talk.
author: Ann Lee
language: en
guid: 0f12f982-2ba5-5bac-9fbd-25f167d29c38
publish: {url: "https://pod.example/", to: public}
"""
BASE_EPISODE = """\
title: Talk
date: 2026-11-22 08:00
guid: 5b322f44-25b3-4fbd-8b64-22c5a5b52877
"""
BASE_NOTES = "What the episode is about.\n"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add every generated page to the site."""
    from mkdocs.structure.files import File

    for path, markdown in generated_pages().items():
        files.append(File.generated(config, path, content=markdown))
    return files


def generated_pages() -> dict[str, str]:
    """Markdown by the path of its page."""
    pages = {"reference/exit-codes.md": exit_codes_page(), "reference/limits.md": limits_page()}
    pages |= command_pages()
    pages |= key_pages()
    pages |= problem_pages()
    return pages


def limits_page() -> str:
    """How large, deep and slow foreign input may be."""
    from podcast_kit import limits
    from podcast_kit.feed import reader
    from podcast_kit.images import artwork
    from podcast_kit.importer import downloads
    from podcast_kit.source import lock, static_files
    from podcast_kit.source.chapters import files as chapter_files
    from podcast_kit.source.notes import from_html
    from podcast_kit.source.transcripts import files as transcript_files
    from podcast_kit.source.yaml import document, values

    def size(count: int, unit: str = "bytes") -> str:
        return f"{count:,} {unit}"

    download_limits = ", ".join(f"{kind} {size(limit)}" for kind, limit in downloads.MAX_DOWNLOAD_BYTES.items())
    feed_limits = f"{size(reader.MAX_FEED_BYTES)}, {size(reader.MAX_FEED_ELEMENTS, 'elements')}, "
    feed_limits += f"{reader.MAX_ELEMENT_DEPTH} levels, {size(reader.MAX_TOKEN_BYTES)} in one tag or text"
    rows = [
        ("podcast.yaml, a file of notes, a chapters file", size(document.MAX_SOURCE_BYTES)),
        ("notes of one episode", size(limits.MAX_NOTES_BYTES)),
        ("YAML", f"{size(values.MAX_VALUES, 'values')}, {values.MAX_YAML_DEPTH} levels"),
        ("podcast.lock", size(lock.MAX_LOCK_BYTES)),
        ("transcript", f"{size(transcript_files.MAX_TRANSCRIPT_BYTES)}, {size(transcript_files.MAX_CUES, 'cues')}"),
        ("chapters", size(chapter_files.MAX_CHAPTERS, "chapters")),
        ("HTML of a transcript", f"{limits.MAX_HTML_DEPTH} elements that are open at the same time"),
        ("HTML of an imported episode", size(from_html.MAX_HTML_LEN, "characters; the text after it is reported")),
        (
            "URL in notes that is not marked up as a link",
            size(limits.MAX_URL_LEN, "characters; a longer one stays text"),
        ),
        ("feed", feed_limits),
        ("image", f"{size(artwork.MAX_IMAGE_BYTES)}, {size(artwork.MAX_IMAGE_PIXELS, 'pixels')}"),
        (
            "recording of a stranger's show, in `check --untrusted`",
            f"{size(limits.MAX_UNTRUSTED_RECORDING_BYTES)}, {limits.MAX_UNTRUSTED_RECORDING_HOURS} hours to decode",
        ),
        ("download of an import", download_limits),
        (
            "static/",
            f"{size(static_files.MAX_STATIC_FILES, 'files')}, {static_files.MAX_STATIC_DEPTH} levels of folders",
        ),
        ("silence of a server", f"{limits.SOCKET_TIMEOUT_S} seconds"),
        ("response of a server", f"{limits.RESPONSE_TIMEOUT_S} seconds"),
        (
            "speed of a download",
            f"at least {size(limits.MIN_DOWNLOAD_SPEED)} per second in each {limits.SPEED_WINDOW_S} seconds",
        ),
        ("redirects", str(limits.MAX_FOLLOWED_REDIRECTS)),
        ("snapshot of the store state; a larger one is treated as lost", size(limits.MAX_SNAPSHOT_BYTES)),
    ]
    text = (
        "podcast_kit reads files and feeds of strangers. What is over a limit is refused at once, with a problem that "
    )
    text += "names it, unless the table says otherwise. Within them, no input takes long or much memory: tests feed "
    text += "every parser hostile input of up to 1 MB, which must be read within 5 seconds and 300 MB."
    return f"# Limits\n\n{text}\n\n{table(('what', 'limit'), *rows)}"


def text_to_markdown(text: str) -> str:
    """Plain text with `code` as Markdown: nothing else in it is markup."""
    parts = re.split(r"(`[^`]+`)", text)
    plain = [re.sub(r"([\\*_\[\]#])", r"\\\1", html.escape(part, quote=False)) for part in parts]
    return "".join(part if number % 2 else plain[number] for number, part in enumerate(parts))


def table(*rows: tuple[str, ...]) -> str:
    """A Markdown table; the first row is its head, and a `|` in a cell is escaped."""
    head, *body = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    lines = [head, ["---"] * len(head), *body]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def code_block(language: str, text: str) -> str:
    """A fenced block, with a fence that the text does not contain."""
    fence = "````" if "```" in text else "```"
    return f"{fence}{language}\n{text.rstrip()}\n{fence}\n"


# --- commands ---

JSON_NOTE = """\
Every command that reports something takes `--json` and then writes one JSON document to standard output.
Progress and messages go to standard error.
"""


def command_pages() -> dict[str, str]:
    """The list of commands, and a page for each of them."""
    root = cli.cli
    context = click.Context(root, info_name="podcast-kit")
    rows = [("command", "what it does")]
    pages = {}
    for name, command in sorted(root.commands.items()):
        rows.append((f"[`{name}`]({name}.md)", text_to_markdown(command.get_short_help_str(200))))
        pages[f"reference/commands/{name}.md"] = command_page(command, click.Context(command, context, name))
    sections = [
        "# Commands\n",
        help_to_markdown(root.help or ""),
        table(*rows),
        "## Options\n\nThese options come before the command.\n",
        option_table(root, context),
        JSON_NOTE,
        "See also [exit codes](../exit-codes.md).\n",
    ]
    pages["reference/commands/index.md"] = "\n".join(sections)
    return pages


def command_page(command: click.Command, context: click.Context) -> str:
    """One command: what it does, its usage, arguments and options."""
    usage = command.get_usage(context).removeprefix("Usage: ")
    sections = [f"# podcast-kit {context.info_name}\n", help_to_markdown(command.help or "")]
    sections += ["## Usage\n", code_block("text", " ".join(usage.split()))]
    sections += ["## Options\n", option_table(command, context)]
    return "\n".join(sections)


def option_table(command: click.Command, context: click.Context) -> str:
    """Every option as its own help describes it."""
    records = [record for param in command.get_params(context) if (record := param.get_help_record(context))]
    rows = [(f"`{name}`", text_to_markdown(about)) for name, about in records if about]
    return table(("option", "meaning"), *rows)


def help_to_markdown(text: str) -> str:
    r"""A help text as Markdown; paragraphs after \b, which Click does not wrap, become code."""
    blocks = []
    for paragraph in inspect.cleandoc(text).split("\n\n"):
        lines = paragraph.split("\n")
        if lines[0] == "\b":
            code = inspect.cleandoc("\n".join(lines[1:]))
            blocks.append(code_block("sh" if code.startswith("podcast-kit") else "text", code))
        else:
            blocks.append(text_to_markdown(" ".join(lines)) + "\n")
    return "\n".join(blocks)


def exit_codes_page() -> str:
    """The table of exit codes, as `podcast-kit --help` has it."""
    _, _, listed = (cli.cli.epilog or "").partition("Exit codes:")
    rows = re.findall(r"^\s+(\d+)\s+(.+)$", listed, re.MULTILINE)
    return f"""\
# Exit codes

{table(("code", "meaning"), *((f"`{code}`", text_to_markdown(meaning)) for code, meaning in rows))}
Exit code 2 comes from Click, which reads the command line; pending changes are therefore 3, not 2 as in Terraform.
"""


# --- keys ---

KEYS_INTRODUCTION = """\
# Keys

Keys of `podcast.yaml` and of the front matter of episodes.
In the shell, `podcast-kit keys` lists them and `podcast-kit keys KEY` explains one.

Keys that start with `x-` are yours: they are ignored.
"""


@cache
def run_json(*arguments: str) -> dict[str, Any]:
    """What a command prints with --json."""
    done = CliRunner().invoke(cli.cli, [*arguments, "--json"], catch_exceptions=False)
    if done.exit_code:
        raise RuntimeError(f"podcast-kit {' '.join(arguments)}: {done.stderr}")
    return dict(json.loads(done.stdout))


def namespace_keys() -> dict[str, list[str]]:
    """The files in which each key of the feed's tags can be, as `podcast-kit keys` lists them."""
    files: dict[str, list[str]] = defaultdict(list)
    for entry in run_json("keys")["keys"]:
        if entry["tag"]:
            files[entry["key"]].append(entry["file"])
    return dict(files)


def key_pages() -> dict[str, str]:
    """The list of keys, and a page for each of them."""
    core = {SHOW_FILE: core_keys.SHOW_KEYS, EPISODE_FILE: core_keys.EPISODE_KEYS}
    sections: dict[str, list[str]] = defaultdict(list)
    lists = {file: [[], []] for file in core}
    for file, keys in core.items():
        for key in keys:
            sections[key.name].append(core_key_section(key, file))
            lists[file][0].append((key.name, key.about))
    for name, files in namespace_keys().items():
        document = run_json("keys", name)
        for file in files:
            lists[file][1].append((name, document["about"]))
        sections[name].append(tag_section(document, files))
    sections["extra"].append(EXTRA)
    pages = {f"reference/keys/{name}.md": f"# {name}\n\n" + "\n".join(parts) for name, parts in sections.items()}
    pages["reference/keys/index.md"] = key_index(lists)
    return pages


def key_index(lists: dict[str, list[list[tuple[str, str]]]]) -> str:
    """Every key of both files."""
    parts = [KEYS_INTRODUCTION]
    for file, (core, others) in lists.items():
        parts.append(f"## {KEY_FILES[file]}\n")
        parts.append(table(("key", "meaning"), *(key_row(*entry) for entry in core)))
        parts.append("### For directories and apps\n\nEach of these becomes a tag in the feed.\n")
        rows = [key_row(*entry) for entry in (*sorted(others), ("extra", EXTRA_ABOUT))]
        parts.append(table(("key", "meaning"), *rows))
    return "\n".join(parts)


def key_row(name: str, about: str) -> tuple[str, str]:
    """A row of the list of keys."""
    return f"[`{name}`]({name}.md)", text_to_markdown(about)


EXTRA_ABOUT = "Elements of any namespace, for what no key covers."
EXTRA = f"""\
## In podcast.yaml and an episode's front matter

{EXTRA_ABOUT}
Write them as XML, or as mappings with `name`, `xmlns`, `text`, `attributes` and `children`.

```yaml title="podcast.yaml"
extra:
  - <example:mood xmlns:example="https://pod.example/ns">calm</example:mood>
  - {{name: "example:mood", xmlns: "https://pod.example/ns", text: calm}}
```
"""


def core_key_section(key: core_keys.CoreKey, file: str) -> str:
    """A key that the show or the episode itself reads."""
    title = SHOW_FILE if file == SHOW_FILE else "front matter"
    lines = [f"## In {file}\n", text_to_markdown(key.about) + "\n", core_key_table((key,))]
    lines += [text_to_markdown(key.details) + "\n"] if key.details else []
    if key.fields:
        lines += [f"### Keys in `{key.name}`\n", core_key_table(key.fields, with_names=True)]
    if key.name == "listen" and file == SHOW_FILE:
        lines += ["### Services\n", listen_service_table()]
    lines += ["### Example\n", code_block(f'yaml title="{title}"', key.example)]
    return "\n".join(lines)


def core_key_table(keys: tuple[core_keys.CoreKey, ...], *, with_names: bool = False) -> str:
    """What keys hold; with the name and meaning of each if they are inside of another."""
    if with_names:
        rows = [
            (" / ".join(f"`{name}`" for name in (key.name, *key.other_names)), *key_facts(key), key_meaning(key))
            for key in keys
        ]
        return table(("key", "value", "required", "default", "meaning"), *rows)
    (key,) = keys
    also = ", ".join(f"`{name}`" for name in key.other_names)
    value, required, default = key_facts(key)
    return table(("value", "required", "default", "other names"), (value, required, default, also or "–"))


def key_meaning(key: core_keys.CoreKey) -> str:
    """What a key is for, with its details."""
    return text_to_markdown(f"{key.about} {key.details}".strip())


def key_facts(key: core_keys.CoreKey) -> tuple[str, str, str]:
    """A key's value, whether it is required, and its default."""
    return text_to_markdown(key.form), "yes" if key.is_required else "no", text_to_markdown(key.default) or "–"


def tag_section(document: dict[str, Any], files: list[str]) -> str:
    """A key that becomes a tag of the feed, as `podcast-kit keys KEY` explains it, with the keys inside of it."""
    title = SHOW_FILE if SHOW_FILE in files else "front matter"
    tag = namespaces.TAGS[document["tag"]]
    count = "one, or a list" if document["many"] else "one" if tag.fields else "a list"
    lines = [f"## In {' and '.join(files)}\n", text_to_markdown(document["about"]) + "\n"]
    lines += [f"Becomes `<{document['tag']}>` in the feed; {count}.\n"]
    lines += [f"Other names: {', '.join(f'`{name}`' for name in document['also'])}.\n"] if document["also"] else []
    lines += tag_tables(tag)
    lines += ["### Example\n", code_block(f'yaml title="{title}"', document["example"])]
    return "\n".join(lines)


def tag_tables(tag: namespaces.Tag) -> Iterator[str]:
    """What a tag holds, then what each of its children holds; a tag of only children is a list of them."""
    if not tag.fields:
        yield from tag_tables(namespaces.TAGS[tag.required_children[0]])
        return
    rows = [
        (f"`{field.yaml_key}`", field_value(field), FIELD_NEEDS[field.need if not field.default else 0])
        for field in tag.fields
    ]
    children = namespaces.tags_with_keys(tag.name)
    rows += [
        (f"`{child.keys[0]}`", f"{text_to_markdown(child.about)} See below.".strip(), "optional") for child in children
    ]
    yield table(("key", "value", "needed"), *rows)
    for child in children:
        yield f"### Keys in `{child.keys[0]}`\n"
        yield from tag_tables(child)


def field_value(field: namespaces.Field) -> str:
    """What a field of a tag may hold."""
    text = ", ".join(f"`{choice}`" for choice in field.choices) or text_to_markdown(str(field.value_type))
    text += ", or a file of the show" if field.allows_file else ""
    return text + (f"; at most {field.max_len} characters" if field.max_len else "")


def listen_service_table() -> str:
    """The services that `listen:` knows by name."""
    rows = [
        (f"`{row['key']}`", text_to_markdown(row["label"]), " / ".join(f"`{name}`" for name in row.get("aliases", ())))
        for row in listen_links.load_listen_services()["service"]
    ]
    return table(("key", "service", "other names"), *rows)


# --- rules and problems ---


def problem_pages() -> dict[str, str]:
    """The list of codes, and a page for each of them."""
    rules = {entry["code"] for entry in check.list_rules()}
    rows: dict[bool, list[tuple[str, str, str]]] = {True: [], False: []}
    examples = reading_examples() | rule_examples()
    pages = {}
    for code in check.list_codes():
        explanation = check.explain_code(code)
        if explanation is None:
            raise RuntimeError(f"{code} has no explanation")
        is_rule = code in rules
        link = f"[`{code}`]({code}.md)"
        rows[is_rule].append((link, explanation["level"], text_to_markdown(explanation["summary"])))
        page = problem_page(dict(explanation), examples.get(code, []), is_rule=is_rule)
        pages[f"reference/problems/{code}.md"] = page
    head = ("code", "level", "meaning")
    pages["reference/problems/index.md"] = f"""\
# Rules and problems

Every problem that podcast_kit reports ends with a code in square brackets.
In the shell, `podcast-kit explain CODE` explains it.

## Rules of `podcast-kit check`

{table(head, *rows[True])}
A rule can be [ignored](../../how-to/check-and-verify.md#ignore-a-rule) with a reason.

## Other problems

These come up when files are read, built, published or verified.

{table(head, *rows[False])}"""
    return pages


def problem_page(explanation: dict[str, Any], examples: list[str], *, is_rule: bool) -> str:
    """One code: what it means, why it matters, an example and the fix."""
    lines = [f"# {explanation['code']}\n", text_to_markdown(explanation["summary"]) + "\n"]
    if is_rule:
        platforms = ", ".join(explanation["platforms"])
        lines += [table(("level", "required by"), (explanation["level"], text_to_markdown(platforms)))]
    lines += ["## Why\n", text_to_markdown(explanation["why"]) + "\n"]
    if examples:
        lines += ["## Example\n", *examples[:MAX_EXAMPLES]]
    lines += ["## Fix\n", sentence(explanation["fix"]) + "\n"]
    if explanation["sources"]:
        lines += ["## Sources\n", "".join(f"- {source_link(source)}\n" for source in explanation["sources"])]
    return "\n".join(lines)


def sentence(text: str) -> str:
    """A fix, which messages have in parentheses, as a sentence."""
    first = text.partition(" ")[0]
    text = text[0].upper() + text[1:] if first.isalpha() else text
    return text_to_markdown(text if text.endswith((".", "!", "?")) else f"{text}.")


def source_link(source: str) -> str:
    """A reference, with its address as a link."""
    text, scheme, rest = source.partition("https://")
    return text_to_markdown(text) + (f"<{scheme}{rest}>" if scheme else "")


def reading_examples() -> dict[str, list[str]]:
    """Lines that cause a problem, and what podcast_kit prints for them."""
    examples: dict[str, list[str]] = defaultdict(list)
    for entry in problem_examples():
        problem = next(problem for problem in example_problems(entry) if problem.code == entry["code"])
        language = "markdown" if entry["file"] == "notes" else "yaml"
        title = SHOW_FILE if entry["file"] == SHOW_FILE else EPISODE_PATH
        text = f"---\n{entry['text']}---" if entry["file"] == "front matter" else entry["text"]
        shown = code_block(f'{language} title="{title}"', text.strip())
        if "front" in entry:
            shown += "\n" + code_block(f'yaml title="{EPISODE_PATH}"', f"---\n{entry['front']}---")
        examples[entry["code"]].append(f"{shown}\n{code_block('text', str(problem))}")
    return examples


def problem_examples() -> list[dict[str, str]]:
    """Lines that cause a problem, with the code of that problem."""
    return list(tomllib.loads(PROBLEM_EXAMPLES.read_text("utf-8"))["example"])


def example_problems(entry: dict[str, str]) -> tuple[Problem, ...]:
    """Every problem of a small show with the lines of an example in the place of its own."""
    show, front, notes = BASE_SHOW, BASE_EPISODE, BASE_NOTES
    match entry["file"]:
        case "podcast.yaml":
            show = replace_keys(show, entry["text"])
        case "front matter":
            front = replace_keys(front, entry["text"])
        case _:
            notes = entry["text"]
    front = replace_keys(front, entry.get("front", ""))
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "episodes").mkdir()
        (folder / "podcast.yaml").write_text(show, "utf-8")
        (folder / EPISODE_PATH).write_text(f"---\n{front}---\n{notes}", "utf-8")
        try:
            return project.load_project(folder).warnings
        except InvalidInput as error:
            return error.problems


def replace_keys(base: str, text: str) -> str:
    """YAML with these lines first, and those lines of the base that they do not replace."""
    keys = set(re.findall(r"^([\w-]+):", text, re.MULTILINE))
    return text + "".join(line for line in base.splitlines(keepends=True) if line.partition(":")[0] not in keys)


def rule_examples() -> dict[str, list[str]]:
    """What breaks each rule, from the cases that test it: a changed feed, file, image, recording or answer."""
    described = tomllib.loads(PROBLEM_EXAMPLES.read_text("utf-8"))["described"]
    examples: dict[str, list[str]] = defaultdict(list, {code: [f"{text}\n"] for code, text in described.items()})
    for path in sorted(RULE_CASES.rglob("*.toml")):
        for case in tomllib.loads(path.read_text("utf-8"))["case"]:
            example = rule_example(case, path.stem)
            if example and (
                not examples[case["rule"]] or "find" in case or "whole" in case
            ):  # one list of facts is enough
                examples[case["rule"]].append(example)
    return examples


def rule_example(case: dict[str, Any], kind: str) -> str:
    """One case as a difference of lines, or as a list of facts."""
    if "find" in case:
        name = case.get("file", "feed.xml")
        before = (RULE_CASES / ("files" if "file" in case else "") / name).read_text("utf-8")
        after = before
        for old, new in [(case["find"], case["put"]), *case.get("then", [])]:
            filled = re.sub(r"(?s)\{(.*)\}", lambda found: found[1] * case["times"], new) if "times" in case else new
            after = after.replace(old, filled, 1)
        diff = list(difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm=""))
        lines = [line for line in diff[2:] if line[:2] != "@@" and line[1:].strip()]
        return f"`{name}`, correct (−) and wrong (+):\n\n" + code_block("diff", "\n".join(map(shortened, lines)))
    if "whole" in case:
        return WHOLE_FEEDS.get(case["whole"]) or code_block("xml", case["whole"])
    facts = "".join(f"- {name}: {value}\n" for name, value in flattened(case))
    return f"{CASE_SUBJECTS[kind]}:\n\n{facts}" if facts else ""


def shortened(line: str) -> str:
    """A line of a difference that is not wider than a page."""
    return line if len(line) <= MAX_EXAMPLE_LINE else f"{line[:MAX_EXAMPLE_LINE]}… ({len(line) - 2:,} characters)"


def flattened(case: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The facts of a case that is not about text."""
    for name, value in case.items():
        if name in {"rule", "level", "platform"}:
            continue
        if isinstance(value, dict):
            yield from ((f"{CASE_NAMES.get(name, '')}{inner}", f"`{fact}`") for inner, fact in value.items())
        elif name in CASE_NAMES:
            yield CASE_NAMES[name].strip(), f"`{value}`"
