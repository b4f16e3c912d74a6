"""podcast.yaml as a Show."""

from __future__ import annotations

import re
from collections.abc import Callable

from podcast_kit.model import (
    AudioSettings,
    Category,
    FeedSettings,
    LocalFile,
    Placement,
    PromptSet,
    PublishSettings,
    Show,
    ShowType,
    Theme,
)
from podcast_kit.namespaces import categories
from podcast_kit.source import elements, foreign_keys, mastering, people
from podcast_kit.source.paths import PICTURES, Folder
from podcast_kit.source.yaml import converters
from podcast_kit.source.yaml.document import Table, Value, Wrong

COVER = "JPEG or PNG, square, 1400 to 3000 pixels a side"


def read(table: Table, folder: Folder) -> Show:
    """The show that a table says; its faults are in `table.problems`, and the Show is only sound without any."""
    owner, publish = table.table("owner"), _publish(table)
    timezone = table.take("timezone", converters.zone, "UTC")
    show = Show(
        title=table.need("title", converters.line, ""),
        description=table.need("description", converters.text, ""),
        author=table.need("author", converters.line, ""),
        language=table.need("language", converters.language, "en"),
        publish=publish,
        timezone=timezone,
        owner_name=owner.take("name", converters.line, "") if owner else "",
        owner_email=owner.take("email", converters.email, "") if owner else "",
        guid=table.take("guid", converters.uuid, ""),
        artwork=table.take("artwork", _cover(folder), None),
        categories=_categories(table),
        explicit=table.take("explicit", converters.flag, default=False),
        type=table.take("type", converters.choice(ShowType), ShowType.EPISODIC),
        copyright=table.take("copyright", converters.line, ""),
        license=license_name(table),
        locked=table.take("locked", converters.flag, None),
        complete=table.take("complete", converters.flag, default=False),
        block=table.take("block", converters.flag, default=False),
        people=people.people(table, folder),
        listen=people.listen(table),
        prompts=_prompts(table),
        feed=_feed(table),
        audio=_audio(table, folder),
        theme=_theme(table, folder),
        ignore=ignored(table),
        elements=elements.take(table, "channel", timezone),
        locations=table.places,
    )
    if owner:
        owner.close()
        table.places.update({f"owner.{key}": place for key, place in owner.places.items()})
    table.close(foreign_keys.SHOW)
    return show


def _cover(folder: Folder) -> Callable[[str], LocalFile]:
    """A picture's path; who has none there yet is told what is to be put there."""
    there = folder.local_file(PICTURES)

    def read(raw: str) -> LocalFile:
        try:
            return there(raw)
        except Wrong as wrong:
            if wrong.code != "file.missing":
                raise
            raise Wrong(str(wrong), f"a cover is a {COVER}; {wrong.hint}", wrong.code) from None

    return read


def license_name(table: Table) -> str:
    """The licence's name; its address and the rest belong to the element of the podcast namespace."""
    value = table.value("license")
    content = value.content if value else ""
    if isinstance(content, dict):
        named = content.get("name") or content.get("identifier")
        content = named.content if named else ""
    return content.strip() if isinstance(content, str) else ""


def _publish(table: Table) -> PublishSettings:
    inner = table.table("publish")
    if inner is None:
        if "publish" not in table.entries or table.entries["publish"].empty:
            table.missing("publish", "add 'publish:' with 'url: https://...' below it, indented")
        return PublishSettings(url="https://invalid/")
    said = PublishSettings(
        url=inner.need("url", converters.base_url, "https://invalid/"),
        to=inner.take("to", converters.line, ""),
        provider=inner.take("provider", converters.line, ""),
        endpoint=inner.take("endpoint", converters.url, ""),
        region=inner.take("region", converters.line, ""),
        account=inner.take("account", converters.line, ""),
        cloudfront=inner.take("cloudfront", converters.line, ""),
        purge=inner.take("purge", converters.line, ""),
        clean_urls=inner.take("clean_urls", converters.flag, default=False),
    )
    inner.close(foreign_keys.PUBLISH)
    table.places.update({f"publish.{key}": place for key, place in inner.places.items()})
    return said


def _categories(table: Table) -> tuple[Category, ...]:
    return table.each("categories", category)


def category(raw: str) -> Category:
    """One of Apple's, as it is spelled there."""
    wanted = categories.parse(converters.line(raw))
    if categories.exists(wanted):
        return wanted
    if categories.is_legacy(wanted):
        new = categories.replacement(wanted)
        hint = f"write '{categories.written(new)}'" if new else "choose one of Apple's present categories"
        raise Wrong(f"{converters.shown(raw)} was dropped by Apple in August 2019", hint, "ch.category.legacy")
    near = categories.nearest(wanted)
    hint = f"did you mean '{categories.written(near)}'?" if near else f"one of {', '.join(categories.tree())}"
    raise Wrong(f"{converters.shown(raw)} is not one of Apple's categories", hint, "ch.category")


def _prompts(table: Table) -> dict[str, PromptSet]:
    found = {"default": PromptSet(), "none": PromptSet(follow=False, review=False, placement=Placement.NONE)}
    sets = table.table("prompts")
    for key in sets.entries if sets else ():
        value: Value | None = sets.value(key) if sets else None
        if sets is None or value is None:
            continue
        if key == "none":
            sets.reject(value.place, "'none' always means no prompts", "give the set another name", "value.choice")
        elif value.content == "none":
            found[key] = found["none"]
        elif inner := sets.within(value, f"the prompts {key!r}"):
            follow = inner.take("follow", _ask, default=True)
            review = inner.take("review", _ask, default=True)
            found[key] = PromptSet(
                follow=bool(follow),
                review=bool(review),
                placement=inner.take("placement", converters.choice(Placement), Placement.END),
                follow_text=follow if isinstance(follow, str) else "",
                review_text=review if isinstance(review, str) else "",
            )
            inner.close()
    return found


def _ask(raw: str) -> bool | str:
    """Yes, no, or the words themselves; one word alone is no sentence, but a slip of true or false."""
    if len(raw.split()) < 2:  # noqa: PLR2004
        return converters.flag(raw)
    said = converters.line(raw)
    unknown = sorted(set(re.findall(r"\{(\w*)\}", said)) - {"show", "title"})
    if unknown:
        text = f"{{{unknown[0]}}} stands for nothing here"
        raise Wrong(text, "{show} and {title} become the names of show and episode", "value.form")
    return said


def _feed(table: Table) -> FeedSettings:
    inner = table.table("feed")
    if inner is None:
        return FeedSettings()
    said = FeedSettings(
        path=inner.take("path", _feed_path, "feed.xml"),
        page_size=inner.take("page_size", converters.whole(), 0) or 0,
        hub=inner.take("hub", converters.url, ""),
    )
    inner.close()
    table.places.update({f"feed.{key}": place for key, place in inner.places.items()})
    return said


def _feed_path(raw: str) -> str:
    parts = converters.text(raw).split("/")
    safe = all(part.strip(".") and part.replace("-", "").replace("_", "").replace(".", "").isalnum() for part in parts)
    if not (safe and raw.isascii() and parts[0] not in {"media", "episodes", ".podcast-kit"}):
        hint = "write a name such as feed.xml: letters, digits, '-', '_' and '.', not below media/ or episodes/"
        raise Wrong(f"{converters.shown(raw)} cannot be the feed's path", hint, "path.form")
    return "/".join(parts)


def _audio(table: Table, folder: Folder) -> AudioSettings:
    inner = table.table("audio")
    if inner is None:
        return AudioSettings()
    said = mastering.read(inner, folder)
    inner.close()
    table.places.update({f"audio.{key}": place for key, place in inner.places.items()})
    return said


def _theme(table: Table, folder: Folder) -> Theme:
    inner = table.table("theme")
    if inner is None:
        return Theme()
    said = Theme(
        colour=inner.take("colour", _colour, "", also=("color",)),
        font=inner.take("font", _font(folder), ""),
        logo=inner.take("logo", folder.path(PICTURES), ""),
        locations=inner.places,
    )
    inner.close()
    return said


def _colour(raw: str) -> str:
    digits = raw.strip().removeprefix("#").lower()
    if not re.fullmatch(r"[0-9a-f]{3}|[0-9a-f]{6}", digits):
        hint = 'write it in quotes, as "#0f62a8"'
        raise Wrong(f"{converters.shown(raw)} is not a colour", hint, "value.form")
    short = 3
    return "#" + ("".join(digit * 2 for digit in digits) if len(digits) == short else digits)


def _font(folder: Folder) -> Callable[[str], str]:
    def read(raw: str) -> str:
        if raw.strip().lower().endswith(".woff2"):
            return folder.path(("woff2",))(raw)
        if not re.fullmatch(r"[\w ,'\"-]{1,200}", converters.line(raw)):
            hint = "write families as in CSS, such as Georgia, serif, or the path of a .woff2 file"
            raise Wrong(f"{converters.shown(raw)} is not a font", hint, "value.form")
        return converters.line(raw)

    return read


def ignored(table: Table) -> dict[str, str]:
    """Rules of the check that are set aside: each code with its reason, which must be there."""
    inner = table.table("ignore")
    return {code: inner.need(code, converters.line, "") for code in inner.entries} if inner else {}
