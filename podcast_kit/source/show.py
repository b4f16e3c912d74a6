"""Reads podcast.yaml into a Show."""

from __future__ import annotations

import re
from collections.abc import Callable

from podcast_kit.model import (
    AudioSettings,
    Category,
    CommentSettings,
    Contact,
    FeedSettings,
    LocalFile,
    Placement,
    PromptSet,
    PublishSettings,
    Show,
    ShowType,
    Theme,
    WebHost,
)
from podcast_kit.namespaces import categories
from podcast_kit.source import elements, foreign_keys, people
from podcast_kit.source.announcing import network_settings_from_table
from podcast_kit.source.audio_settings import audio_settings_from_table
from podcast_kit.source.menu import menu_from_table
from podcast_kit.source.notify import notify_settings_from_table
from podcast_kit.source.paths import IMAGE_SUFFIXES, ShowFolder
from podcast_kit.source.private_settings import private_settings_from_table
from podcast_kit.source.source_text import read_source_text
from podcast_kit.source.yaml import InvalidValue, Table, Value, converters

COVER_REQUIREMENTS = "JPEG or PNG, square, 1400 to 3000 pixels a side"
FEED_SUFFIXES = (".xml", ".rss")
RESERVED_FOLDERS = {"media", "episodes", ".podcast-kit"}
"""Folders of the published tree that the feed cannot be in."""


def show_from_table(table: Table, folder: ShowFolder) -> Show:
    """The show in podcast.yaml; problems go to `table.problems`, and the Show is valid only without any."""
    owner, publish = table.table("owner"), _publish_settings(table)
    timezone = table.optional("timezone", converters.to_time_zone, "UTC")
    channel_elements = elements.elements_from_table(table, "channel", timezone)
    announce = table.table("announce")
    show = Show(
        title=table.required("title", converters.to_line, ""),
        description=table.required("description", converters.to_text, ""),
        author=table.required("author", converters.to_line, ""),
        language=table.required("language", converters.to_language, "en"),
        publish=publish,
        timezone=timezone,
        owner_name=owner.optional("name", converters.to_line, "") if owner else "",
        owner_email=owner.optional("email", converters.to_email, "") if owner else "",
        guid=table.optional("guid", converters.to_uuid, ""),
        artwork=table.optional("artwork", _cover_converter(folder), None),
        categories=table.list_of("categories", to_category),
        explicit=table.optional("explicit", converters.to_flag, default=False),
        type=table.optional("type", converters.choice_of(ShowType), ShowType.EPISODIC),
        copyright=table.optional("copyright", converters.to_line, ""),
        license=license_name(table),
        locked=table.optional("locked", converters.to_flag, None),
        complete=table.optional("complete", converters.to_flag, default=False),
        block=table.optional("block", converters.to_flag, default=False),
        people=people.people_from_table(table, folder),
        listen=people.listen_links_from_table(table, of_show=True),
        prompts=_prompt_sets(table),
        feed=_feed_settings(table),
        notify=notify_settings_from_table(table, announce, channel_elements),
        audio=_show_audio_settings(table, folder),
        theme=_theme_settings(table, folder),
        comments=_comment_settings(table),
        contact=_contact(table),
        website=table.optional("website", converters.to_url, ""),
        menu=menu_from_table(table),
        private=private_settings_from_table(table, folder, _to_variable_name),
        announce=network_settings_from_table(announce),
        ignore=ignored_rules(table),
        elements=channel_elements,
        locations=table.locations,
        source=read_source_text(table.entries),
    )
    if owner:
        owner.finish()
        _record_locations(table, "owner", owner)
    if announce:
        announce.finish(foreign_keys.FOREIGN_ANNOUNCE_KEYS)
        _record_locations(table, "announce", announce)
    table.finish(foreign_keys.FOREIGN_SHOW_KEYS)
    return show


def _record_locations(table: Table, key: str, inner: Table) -> None:
    table.locations.update({f"{key}.{name}": location for name, location in inner.locations.items()})


def _cover_converter(folder: ShowFolder) -> Callable[[str], LocalFile]:
    """A converter to the cover's file; for a missing file the fix says what a cover must be."""
    to_file = folder.file_converter(IMAGE_SUFFIXES)

    def convert(raw: str) -> LocalFile:
        try:
            return to_file(raw)
        except InvalidValue as error:
            if error.code != "file.missing":
                raise
            fix = f"a cover is a {COVER_REQUIREMENTS}; {error.fix}"
            raise InvalidValue(str(error), fix, error.code) from None

    return convert


def license_name(table: Table) -> str:
    """The licence's name; its URL and other keys are read into the podcast:license element."""
    value = table.value("license")
    content = value.content if value else ""
    if isinstance(content, dict):
        name = content.get("name") or content.get("identifier")
        content = name.content if name else ""
    return content.strip() if isinstance(content, str) else ""


def _publish_settings(table: Table) -> PublishSettings:
    inner = table.table("publish")
    if inner is None:
        if "publish" not in table.entries or table.entries["publish"].is_empty:
            table.report_missing("publish", "add 'publish:' and, indented below it, 'url: https://...'")
        return PublishSettings(url="https://invalid/")
    settings = PublishSettings(
        url=inner.required("url", converters.to_base_url, "https://invalid/"),
        to=inner.optional("to", converters.to_line, ""),
        provider=inner.optional("provider", converters.to_line, ""),
        endpoint=inner.optional("endpoint", converters.to_url, ""),
        region=inner.optional("region", converters.to_line, ""),
        account=inner.optional("account", converters.to_line, ""),
        cloudfront=inner.optional("cloudfront", converters.to_line, ""),
        purge=inner.optional("purge", converters.to_line, ""),
        purge_environment=inner.list_of("purge_environment", _to_variable_name),
        clean_urls=inner.optional("clean_urls", converters.to_flag, default=False),
        host=inner.optional("host", converters.choice_of(WebHost), None),
        website_redirects=inner.optional("website_redirects", converters.to_flag, default=False),
    )
    inner.finish(foreign_keys.FOREIGN_PUBLISH_KEYS)
    _record_locations(table, "publish", inner)
    return settings


def _to_variable_name(raw: str) -> str:
    name = converters.to_line(raw)
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        text = f"{converters.quote_value(raw)} is not the name of an environment variable"
        raise InvalidValue(text, "write a name such as FASTLY_TOKEN", "value.form")
    return name


def to_category(raw: str) -> Category:
    """One of Apple's categories, in Apple's spelling."""
    category = categories.parse_category(converters.to_line(raw))
    if categories.category_exists(category):
        return category
    if categories.is_legacy_category(category):
        replacement = categories.replacement_category(category)
        fix = f"use '{categories.format_category(replacement)}'" if replacement else "choose a current Apple category"
        text = f"{converters.quote_value(raw)} was dropped by Apple in August 2019"
        raise InvalidValue(text, fix, "ch.category.legacy")
    suggestion = categories.suggest_category(category)
    question = f"did you mean '{categories.format_category(suggestion)}'? " if suggestion else ""
    fix = f"{question}`podcast-kit keys categories` lists all"
    raise InvalidValue(f"{converters.quote_value(raw)} is not one of Apple's categories", fix, "ch.category")


def _prompt_sets(table: Table) -> dict[str, PromptSet]:
    prompt_sets = {
        "default": PromptSet(),
        "none": PromptSet(follow=False, review=False, share=False, placement=Placement.NONE),
    }
    sets = table.table("prompts")
    for key in sets.entries if sets else ():
        value: Value | None = sets.value(key) if sets else None
        if sets is None or value is None:
            continue
        if key == "none":
            sets.error(value.location, "'none' always means no prompts", "give the set another name", "value.choice")
        elif value.content == "none":
            prompt_sets[key] = prompt_sets["none"]
        elif inner := sets.nested(value, f"the prompts {key!r}"):
            texts = {name: _prompt_texts(inner, name) for name in ("follow", "review", "share")}
            prompt_sets[key] = PromptSet(
                follow=texts["follow"] is not None,
                review=texts["review"] is not None,
                share=texts["share"] is not None,
                placement=inner.optional("placement", converters.choice_of(Placement), Placement.END),
                follow_text=(texts["follow"] or ("",))[0],
                review_text=(texts["review"] or ("",))[0],
                share_text=(texts["share"] or ("",))[0],
                other_texts={name: wordings[1:] for name, wordings in texts.items() if wordings and wordings[1:]},
            )
            inner.finish()
    return prompt_sets


def _prompt_texts(table: Table, key: str) -> tuple[str, ...] | None:
    """The wordings of a prompt, none for the default one; None if the prompt is off."""
    value = table.value(key)
    if value is not None and isinstance(value.content, list):
        return table.list_of(key, _to_prompt_sentence)
    text = table.optional(key, _to_prompt_text, default=True)
    if isinstance(text, str):
        return (text,)
    return () if text else None


def _to_prompt_sentence(raw: str) -> str:
    text = _to_prompt_text(raw) if len(raw.split()) > 1 else True
    if not isinstance(text, str):
        raise InvalidValue(
            f"{converters.quote_value(raw)} is not a sentence", "write the prompt in words", "value.form"
        )
    return text


def _to_prompt_text(raw: str) -> bool | str:
    """A flag, or the prompt's own text; a single word is read as a flag, as it cannot be a sentence."""
    if len(raw.split()) < 2:  # noqa: PLR2004
        return converters.to_flag(raw)
    text = converters.to_line(raw)
    unknown = sorted(set(re.findall(r"\{(\w*)\}", text)) - {"show", "title"})
    if unknown:
        fix = "use {show} for the show's title and {title} for the episode's"
        raise InvalidValue(f"unknown placeholder {{{unknown[0]}}}", fix, "value.form")
    return text


def _feed_settings(table: Table) -> FeedSettings:
    inner = table.table("feed")
    if inner is None:
        return FeedSettings()
    settings = FeedSettings(
        path=inner.optional("path", _to_feed_path, "feed.xml"),
        page_size=inner.optional("page_size", converters.whole_number_from(), 0) or 0,
        hubs=tuple(dict.fromkeys(inner.list_of("hub", converters.to_url))),
        prefix=inner.optional("prefix", _to_feed_prefix, ""),
    )
    inner.finish(foreign_keys.FOREIGN_FEED_KEYS)
    _record_locations(table, "feed", inner)
    return settings


def _to_feed_prefix(raw: str) -> str:
    """An https URL that ends in a slash and may contain {guid}."""
    filled = converters.to_https_url(raw.replace("{guid}", "guid"))
    if not filled.endswith("/") or "?" in filled or "#" in filled:
        fix = "write it as https://op3.dev/e,pg={guid}/, with a slash at the end"
        raise InvalidValue(f"{converters.quote_value(raw)} cannot be put in front of a URL", fix, "value.form")
    return raw.strip()


def _to_feed_path(raw: str) -> str:
    parts = converters.to_text(raw).split("/")
    is_safe = all(
        not part.startswith(".") and part.replace("-", "").replace("_", "").replace(".", "").isalnum() for part in parts
    )
    if not (is_safe and raw.isascii() and parts[0] not in RESERVED_FOLDERS and parts[-1].endswith(FEED_SUFFIXES)):
        fix = (
            "use a name such as feed.xml that ends in .xml or .rss: letters, digits, '-', '_' and '.', "
            "not below media/ or episodes/"
        )
        raise InvalidValue(f"{converters.quote_value(raw)} cannot be the feed's path", fix, "path.form")
    return "/".join(parts)


def _show_audio_settings(table: Table, folder: ShowFolder) -> AudioSettings:
    inner = table.table("audio")
    if inner is None:
        return AudioSettings()
    settings = audio_settings_from_table(inner, folder)
    inner.finish()
    _record_locations(table, "audio", inner)
    return settings


def _theme_settings(table: Table, folder: ShowFolder) -> Theme:
    inner = table.table("theme")
    if inner is None:
        return Theme()
    theme = Theme(
        colour=inner.optional("colour", _to_hex_colour, "", other_names=("color",)),
        font=inner.optional("font", _font_converter(folder), ""),
        logo=inner.optional("logo", folder.path_converter(IMAGE_SUFFIXES), ""),
        locations=inner.locations,
    )
    inner.finish()
    return theme


def _contact(table: Table) -> Contact:
    inner = table.table("contact")
    if inner is None:
        return Contact()
    contact = Contact(
        mail=inner.optional("mail", converters.to_email, ""),
        form=inner.optional("form", converters.to_url, ""),
        voicemail=inner.optional("voicemail", converters.to_url, ""),
    )
    inner.finish()
    return contact


def _comment_settings(table: Table) -> CommentSettings:
    inner = table.table("comments")
    if inner is None:
        return CommentSettings()
    settings = CommentSettings(
        hide=inner.list_of("hide", _to_hidden_comment),
        only_favourited=bool(inner.optional("only", _to_comment_choice, "")),
    )
    inner.finish()
    return settings


def _to_hidden_comment(raw: str) -> str:
    """The address of a reply, or a handle such as @ann@social.example or @ann.example."""
    text = converters.to_line(raw).lower()
    if "://" in text:
        return text
    if not re.fullmatch(r"@?[\w.-]+(?:@[\w.:-]+)?", text):
        fix = "write the address of a reply, or a handle such as @ann@social.example"
        raise InvalidValue(f"{converters.quote_value(raw)} is neither an address nor a handle", fix, "value.form")
    return "@" + text.removeprefix("@")


def _to_comment_choice(raw: str) -> str:
    if converters.to_line(raw) != "favourited":
        fix = "write only: favourited, or remove the key to show all replies"
        raise InvalidValue(f"{converters.quote_value(raw)} is not a choice of comments", fix, "value.choice")
    return "favourited"


def _to_hex_colour(raw: str) -> str:
    digits = raw.strip().removeprefix("#").lower()
    if not re.fullmatch(r"[0-9a-f]{3}|[0-9a-f]{6}", digits):
        fix = 'write it in quotes, as "#0f62a8"'
        raise InvalidValue(f"{converters.quote_value(raw)} is not a colour", fix, "value.form")
    short_len = 3
    return "#" + ("".join(digit * 2 for digit in digits) if len(digits) == short_len else digits)


def _font_converter(folder: ShowFolder) -> Callable[[str], str]:
    def convert(raw: str) -> str:
        if raw.strip().lower().endswith(".woff2"):
            return folder.path_converter(("woff2",))(raw)
        if not re.fullmatch(r"[\w ,'\"-]{1,200}", converters.to_line(raw)):
            fix = "write font families as in CSS, such as Georgia, serif, or the path of a .woff2 file"
            raise InvalidValue(f"{converters.quote_value(raw)} is not a font", fix, "value.form")
        return converters.to_line(raw)

    return convert


def ignored_rules(table: Table) -> dict[str, str]:
    """The check rules that `ignore:` turns off: each code with its reason, which is required."""
    inner = table.table("ignore")
    return {code: inner.required(code, converters.to_line, "") for code in inner.entries} if inner else {}
