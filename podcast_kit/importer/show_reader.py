"""Convert a feed to a show and its episodes. Nothing is downloaded or written."""

from __future__ import annotations

import operator
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from podcast_kit import site
from podcast_kit.errors import Problem, Severity
from podcast_kit.importer.elements import (
    ImportLog,
    custom_elements,
    list_lost_links,
    parse_flag,
    read_people,
    required_file,
    single_line,
    title_text,
    value_or_default,
)
from podcast_kit.importer.item_reader import ItemReader
from podcast_kit.importer.model import ImportedFeed, ImportedShow, RequiredFile
from podcast_kit.importer.strip_prompts import PromptStripper
from podcast_kit.io.stored_values import StoredValues
from podcast_kit.io.text_file import TextFile
from podcast_kit.model import Category, Element, FeedDocument, Node, show_guid
from podcast_kit.namespaces import categories
from podcast_kit.source.notes import from_html as html_notes
from podcast_kit.source.yaml import converters
from podcast_kit.source.yaml.errors import CONTROL_CHARACTER
from podcast_kit.text.feed_dates import parse_feed_date

_CHANNEL_TEXTS = {"itunes:summary", "itunes:subtitle"}
_PROMPTS_STRIPPED = "the follow and review prompts are not imported, because the new show has its own"
_PROMPTS_FIX = "set your own wording under `prompts:` in podcast.yaml"
_DEFAULT_TITLE = "A show without a name"
_SHOW_ID_PATTERNS = {
    "apple": re.compile(r"podcasts\.apple\.com/[\w/%.-]*?id(\d{6,12})\b"),
    "spotify": re.compile(r"open\.spotify\.com/show/(\w{22})\b"),
}


def convert_feed(
    feed: FeedDocument, feed_url: str = "", slugs: Mapping[str, str] | None = None, texts: TextFile | None = None
) -> ImportedFeed:
    """Convert a feed to a show and its episodes; `feed_url` is the feed's URL, `slugs` has names of pages by guid.

    Missing and invalid values are reported as problems; everything else is imported. The episodes are kept on disk, in
    the file for `texts`.
    """
    channel = feed.channel or Node("channel", "channel")
    others = tuple(child for child in channel.children if child.key != "item")
    channel = _strip_control_characters(replace(channel, children=others))
    own_url = feed_url or find_self_url(channel)
    home = site_url(channel, own_url)
    import_log = ImportLog(feed, list(feed.faults), base=home)
    survey = _Survey(map(_strip_control_characters, feed.items))
    show = _convert_channel(channel, survey, own_url, import_log)
    oldest_first = sorted(range(len(survey.dates)), key=survey.dates.__getitem__)
    prompts = PromptStripper.for_channel(channel)
    items = (_strip_control_characters(feed.items[index]) for index in oldest_first)
    episodes = StoredValues(ItemReader(show, import_log, prompts, home, slugs).read_items(items), texts=texts)
    if prompts.has_stripped:
        location = feed.location_of(channel)
        import_log.problems.append(Problem(location, _PROMPTS_STRIPPED, _PROMPTS_FIX, "import", Severity.HINT))
    return ImportedFeed(
        show=_with_prompt_links(show, prompts),
        episodes=episodes,
        problems=tuple(import_log.problems),
        dropped=dict(sorted(import_log.dropped.items())),
        repeated=dict(sorted(import_log.repeated.items())),
    )


def site_url(channel: Node, feed_url: str) -> str:
    """The URL against which relative URLs of a feed are resolved."""
    return value_or_default(converters.to_url, channel.child_text("link"), feed_url or find_self_url(channel))


def find_self_url(channel: Node) -> str:
    """The feed's own URL, as it says itself; empty if it does not."""
    for link in channel.children_named("atom:link"):
        if link.attributes.get("rel", "").strip().lower() == "self":
            return value_or_default(converters.to_url, link.attributes.get("href", ""), "")
    return ""


def _strip_control_characters(node: Node) -> Node:
    """The node without control characters, which YAML cannot have; most feeds have none, and are not copied."""
    children = tuple(map(_strip_control_characters, node.children))
    is_same = all(map(operator.is_, children, node.children))
    if is_same and not any(map(CONTROL_CHARACTER.search, (node.text, *node.attributes.values()))):
        return node
    return replace(
        node,
        text=CONTROL_CHARACTER.sub("", node.text),
        attributes={name: CONTROL_CHARACTER.sub("", value) for name, value in node.attributes.items()},
        children=children,
    )


def item_date(item: Node) -> datetime:
    """The date of an item, by which the oldest comes first; those without one are last."""
    return parse_feed_date(item.child_text("pubDate"))[0] or datetime.max.replace(tzinfo=UTC)


class _Survey:
    """What has to be known of all items before the first one is converted."""

    def __init__(self, items: Iterable[Node]) -> None:
        self.dates: list[datetime] = []
        self.show_ids: Mapping[str, Counter[str]] = {service: Counter() for service in _SHOW_ID_PATTERNS}
        """By service, how many items link to each id of a show."""
        for item in items:
            self.dates.append(item_date(item))
            text = _text_with_links(item)
            for service, pattern in _SHOW_ID_PATTERNS.items():
                self.show_ids[service].update(set(pattern.findall(text)))


def _convert_channel(channel: Node, survey: _Survey, feed_url: str, import_log: ImportLog) -> ImportedShow:
    owner = channel.child("itunes:owner") or Node("itunes:owner", "itunes:owner")
    title = title_text(channel.child_text("title")) or _DEFAULT_TITLE
    owner_name = single_line(owner.child_text("itunes:name"))
    author = single_line(channel.child_text("itunes:author")) or owner_name or title
    written_email = owner.child_text("itunes:email")
    email = value_or_default(converters.to_email, written_email, "")
    if written_email and not email:
        import_log.warn(
            owner, f"the owner's e-mail address {written_email[:100]!r} is left out", "set `owner: {email:}`"
        )
    flags = {key: parse_flag(channel.child_text(f"itunes:{key}")) for key in ("complete", "block")}
    flags = {key: value for key, value in flags.items() if value}
    own_elements = list(_channel_elements(channel, title, email, flags, import_log))
    locked = parse_flag(channel.child_text("podcast:locked"))
    if locked is not None:
        flags["locked"] = locked
    people, person_elements = read_people(channel, import_log)
    return ImportedShow(
        title=title,
        description=_convert_description(channel, import_log) or title,
        author=author,
        language=_convert_language(channel, import_log),
        guid=_convert_guid(channel, feed_url, title, import_log),
        owner_name=owner_name or author,
        owner_email=email,
        categories=tuple(dict.fromkeys(_convert_categories(channel, import_log))),
        explicit=parse_flag(channel.child_text("itunes:explicit")) or False,
        serial=channel.child_text("itunes:type").lower() == "serial",
        copyright=single_line(channel.child_text("copyright")),
        flags={key: value for key, value in flags.items() if value is not None},
        artwork=_convert_artwork(channel, import_log),
        people=people,
        listen=dict(_find_service_ids(channel, survey)),
        links={},
        elements=(*own_elements, *person_elements),
    )


def _channel_elements(
    channel: Node, title: str, email: str, flags: Mapping[str, bool | None], import_log: ImportLog
) -> Iterator[Element]:
    """The elements that no key of the show expresses."""
    children = []
    for child in channel.children:
        is_repeated = (
            (child.key == "itunes:title" and title_text(child.text) == title)
            or (child.key == "managingEditor" and email and email in child.text)
            or (child.key == "podcast:block" and flags.get("block") and not child.attributes and parse_flag(child.text))
            or (child.key in _CHANNEL_TEXTS and _repeats_description(child, channel))
        )
        if is_repeated:
            import_log.skip_repeated(child)
        elif child.key == "podcast:locked" and child.attributes.get("owner", "").strip() not in {"", email}:
            yield Element(child.key, child.text.strip(), tuple(child.attributes.items()))
        elif child.key != "itunes:type":
            children.append(child)
    yield from custom_elements(replace(channel, children=tuple(children)), "channel", import_log)


def _repeats_description(node: Node, channel: Node) -> bool:
    description = channel.child_text("description")
    return not description or single_line(node.text) in {"", single_line(description)}


def _convert_description(channel: Node, import_log: ImportLog) -> str:
    description = channel.child_text("description") or channel.child_text("itunes:summary")
    description = description or channel.child_text("itunes:subtitle")
    text = html_notes.html_to_text_lines(description)
    if urls := list_lost_links(description, text):
        child = channel.child("description") or channel
        import_log.warn(child, f"links in the show's description become text; left out: {urls}", "use `listen:`")
    return text


def _convert_language(channel: Node, import_log: ImportLog) -> str:
    written = channel.child_text("language")
    language = value_or_default(converters.to_language, written, "")
    if not language:
        reason = f"{written[:40]!r} is not a language code" if written else "the feed has no language"
        import_log.warn(channel.child("language") or channel, f"{reason}; en is assumed", "set `language:`")
    return language or "en"


def _convert_guid(channel: Node, feed_url: str, title: str, import_log: ImportLog) -> str:
    written = channel.child_text("podcast:guid")
    guid = value_or_default(converters.to_uuid, written, "")
    if written and not guid:
        child = channel.child("podcast:guid") or channel
        import_log.warn(
            child, f"the podcast:guid {written[:60]!r} is not a UUID", "a new one is made of the feed's URL"
        )
    if not guid and not feed_url:
        text = "the feed does not say its own URL: the show's guid is made of its title"
        import_log.warn(channel, text, "if it has a podcast:guid elsewhere, set it as `guid:` before you publish")
    return guid or show_guid(feed_url or title)


def _convert_artwork(channel: Node, import_log: ImportLog) -> RequiredFile | None:
    itunes_image, rss_image = channel.child("itunes:image"), channel.child("image")
    itunes_url = itunes_image.attributes.get("href", "").strip() if itunes_image else ""
    rss_url = rss_image.child_text("url") if rss_image else ""
    if rss_image and itunes_url and rss_url not in {"", itunes_url}:
        import_log.warn(
            rss_image, f"the image {rss_url[:200]!r} is left out", "a show has one artwork: that of itunes:image"
        )
    return required_file(itunes_url or rss_url, "artwork", "cover")


def _with_prompt_links(show: ImportedShow, prompts: PromptStripper) -> ImportedShow:
    """The show with the services that the prompts link to."""
    services = {url: site.service_key_of_label(label) for url, label in prompts.links.items()}
    linked = {service: url for url, service in reversed(services.items()) if service and service not in show.listen}
    unknown = {url: label for url, label in prompts.links.items() if not services[url]}
    return replace(show, listen={**show.listen, **linked}, links=unknown)


def _convert_categories(channel: Node, import_log: ImportLog) -> Iterator[str]:
    for node in channel.children_named("itunes:category"):
        for sub in [child.attributes.get("text", "") for child in node.children_named("itunes:category")] or [""]:
            category = Category(single_line(node.attributes.get("text", "")), single_line(sub))
            valid = (
                category
                if categories.category_exists(category)
                else categories.replacement_category(category) or categories.suggest_category(category)
            )
            if valid is None:
                text = f"{categories.format_category(category)!r} is not an Apple Podcasts category"
                import_log.warn(node, text, "choose one of `categories:` yourself")
            else:
                if valid != category:
                    text = f"{categories.format_category(category)!r} is not a current Apple Podcasts category"
                    fix = f"imported as {categories.format_category(valid)!r}"
                    import_log.warn(node, text, fix, Severity.HINT)
                yield categories.format_category(valid)


def _find_service_ids(channel: Node, survey: _Survey) -> Iterator[tuple[str, str]]:
    """The show's ids at services, if the channel links to them or more than half of the episodes do."""
    for service, pattern in _SHOW_ID_PATTERNS.items():
        [(most_common, count)] = survey.show_ids[service].most_common(1) or [("", 0)]
        in_channel = pattern.search(_text_with_links(channel))
        if in_channel or count * 2 > len(survey.dates):
            yield service, in_channel[1] if in_channel else most_common


def _text_with_links(node: Node) -> str:
    return " ".join(node.child_text(key) for key in ("description", "content:encoded", "itunes:summary", "link"))
