"""Reads a file of `pages/` and its front matter into an OwnPage."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from posixpath import basename, dirname

from podcast_kit.errors import Problem, SourceLocation
from podcast_kit.model import DEFAULT_PAGE_TEMPLATE, PAGES_DIR, OwnPage
from podcast_kit.source import aliases, foreign_keys
from podcast_kit.source.episode import INDEX_STEM, EpisodeFileContext, check_notes, prompt_set_converter, to_slug
from podcast_kit.source.paths import IMAGE_SUFFIXES
from podcast_kit.source.show import ignored_rules
from podcast_kit.source.source_text import read_source_text
from podcast_kit.source.yaml import InvalidValue, Table, Value, converters, decode_source, parse_front_matter

RESERVED_SLUGS = {
    "index": "the front page is made from templates/index.html",
    "media": "media/ has only files that never change",
    "private": "private/ has the feeds of subscribers",
    "404": "the page for missing addresses is made from templates/404.html",
}
"""Slugs that a page cannot have, and why."""


def parse_own_page(data: bytes, context: EpisodeFileContext, problems: list[Problem]) -> OwnPage:
    """The page in a file's bytes; problems are added to `problems`, and it is valid only without any.

    Raises InvalidInput where the file has no front matter that can be read.
    """
    table, body, first_line = parse_front_matter(decode_source(data, context.path), context.path)
    draft = table.optional("draft", converters.to_flag, default=False)
    title = table.required("title", converters.to_line, "")
    page = OwnPage(
        slug=_page_slug(table, context.path),
        path=context.path,
        title=title,
        text=body,
        text_line=first_line,
        description=table.optional("description", converters.to_line, ""),
        image=table.optional("image", context.folder.file_converter(IMAGE_SUFFIXES), None),
        menu=_menu_label(table, title),
        order=table.optional("order", converters.whole_number_from(), None),
        prompts=table.optional("prompts", prompt_set_converter(context.prompts), ""),
        template=table.optional("template", _to_template_name, DEFAULT_PAGE_TEMPLATE),
        draft=draft,
        aliases=aliases.aliases_from_table(table, folder=""),
        ignore=ignored_rules(table),
        locations=table.locations,
        source=read_source_text(table.entries, body),
    )
    check_notes(table, body, first_line, context.folder, draft=draft)
    table.finish(foreign_keys.FOREIGN_PAGE_KEYS)
    problems.extend(table.problems)
    return page


def _page_slug(table: Table, path: str) -> str:
    """What `slug:` says, else the file's stem, or the name of its folder if the file is index.md."""
    value = table.value("slug")
    if value is None:
        stem = basename(path).rpartition(".")[0]
        folder = dirname(path)
        name = basename(folder) if stem == INDEX_STEM and folder != PAGES_DIR else stem
        value = Value(SourceLocation(path), name)
    return table.converted(value, _to_page_slug, "", "slug" if "slug" in table.locations else "the file's name")


def _to_page_slug(raw: str) -> str:
    slug = to_slug(raw)
    if reason := RESERVED_SLUGS.get(slug.casefold()):
        text = f"{converters.quote_value(raw)} cannot be a page of its own: {reason}"
        raise InvalidValue(text, "set another `slug:`", "page.taken")
    return slug


def _menu_label(table: Table, title: str) -> str:
    """`menu: true` shows the title in the menu, and a text another label; empty without an entry."""
    value = table.value("menu")
    if value is None or not isinstance(value.content, str):
        return table.converted(value, converters.to_line, "", "menu") if value else ""
    try:
        return title if converters.to_flag(value.content) else ""
    except InvalidValue:
        return table.converted(value, converters.to_line, "", "menu")


def _to_template_name(raw: str) -> str:
    name = converters.to_line(raw)
    parts = name.split("/")
    if not name.endswith(".html") or "\\" in name or any(part.startswith(".") or not part for part in parts):
        fix = "write the name of a file in templates/, such as wide.html"
        raise InvalidValue(f"{converters.quote_value(raw)} is not a template", fix, "value.form")
    return name


def find_page_duplicates(pages: Iterable[OwnPage]) -> Iterator[Problem]:
    """Pages with a slug, or an alias, that another page has."""
    holders: dict[str, OwnPage] = {}
    for page in pages:
        holder = holders.setdefault(page.slug.casefold(), page)
        if page.slug and holder is not page:
            text = f"slug {page.slug!r} is also used by {holder.path}"
            yield Problem(page.location_of("slug"), text, "give one of them another `slug:`", "slug.unique")
