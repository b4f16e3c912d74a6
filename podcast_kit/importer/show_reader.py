"""Convert a feed to a show and its episodes. Nothing is downloaded or written."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from podcast_kit import site
from podcast_kit.errors import Problem, Severity
from podcast_kit.importer.elements import (
    ImportLog,
    custom_elements,
    parse_flag,
    read_people,
    required_file,
    single_line,
    value_or_default,
)
from podcast_kit.importer.item_reader import ItemReader
from podcast_kit.importer.model import ImportedFeed, ImportedShow
from podcast_kit.importer.strip_prompts import PromptStripper
from podcast_kit.model import Category, FeedDocument, Node, show_guid
from podcast_kit.namespaces import categories
from podcast_kit.source.notes import from_html as html_notes
from podcast_kit.source.yaml import converters
from podcast_kit.source.yaml.errors import CONTROL_CHARACTER
from podcast_kit.text.dates import parse_rfc2822

_PROMPTS_STRIPPED = "the follow and review prompts are not imported, because the new show has its own"
_PROMPTS_FIX = "set your own wording under `prompts:` in podcast.yaml"
_DEFAULT_TITLE = "A show without a name"
_SHOW_ID_PATTERNS = {
    "apple": re.compile(r"podcasts\.apple\.com/[\w/%.-]*?id(\d{6,12})\b"),
    "spotify": re.compile(r"open\.spotify\.com/show/(\w{22})\b"),
}


def convert_feed(feed: FeedDocument, feed_url: str = "") -> ImportedFeed:
    """Convert a feed to a show and its episodes; `feed_url` is the feed's URL.

    Missing and invalid values are reported as problems; everything else is imported.
    """
    channel = _strip_control_characters(feed.channel or Node("channel", "channel"))
    import_log = ImportLog(feed)
    show = _convert_channel(channel, feed_url, import_log)
    oldest_first = sorted(channel.children_named("item"), key=_item_date)
    home = value_or_default(converters.to_url, channel.child_text("link"), feed_url)
    prompts = PromptStripper.for_channel(channel)
    episodes = tuple(ItemReader(show, import_log, prompts, home).read_items(oldest_first))
    if prompts.has_stripped:
        location = feed.location_of(channel)
        import_log.problems.append(Problem(location, _PROMPTS_STRIPPED, _PROMPTS_FIX, "import", Severity.HINT))
    return ImportedFeed(
        show=_with_prompt_links(show, prompts),
        episodes=episodes,
        problems=tuple(import_log.problems),
        dropped=dict(sorted(import_log.dropped.items())),
    )


def _strip_control_characters(node: Node) -> Node:
    """The node without control characters, which YAML cannot have."""
    return replace(
        node,
        text=CONTROL_CHARACTER.sub("", node.text),
        attributes={name: CONTROL_CHARACTER.sub("", value) for name, value in node.attributes.items()},
        children=tuple(map(_strip_control_characters, node.children)),
    )


def _item_date(item: Node) -> datetime:
    return parse_rfc2822(item.child_text("pubDate")) or datetime.max.replace(tzinfo=UTC)


def _convert_channel(channel: Node, feed_url: str, import_log: ImportLog) -> ImportedShow:
    owner = channel.child("itunes:owner") or Node("itunes:owner", "itunes:owner")
    title = single_line(channel.child_text("title")) or _DEFAULT_TITLE
    owner_name = single_line(owner.child_text("itunes:name"))
    author = single_line(channel.child_text("itunes:author")) or owner_name or title
    description = channel.child_text("description") or channel.child_text("itunes:summary")
    flags = {key: parse_flag(channel.child_text(f"itunes:{key}")) for key in ("complete", "block")}
    flags["locked"] = parse_flag(channel.child_text("podcast:locked"))
    return ImportedShow(
        title=title,
        description=html_notes.html_to_text_lines(description) or title,
        author=author,
        language=value_or_default(converters.to_language, channel.child_text("language"), "en"),
        guid=value_or_default(converters.to_uuid, channel.child_text("podcast:guid"), show_guid(feed_url or title)),
        owner_name=owner_name or author,
        owner_email=value_or_default(converters.to_email, owner.child_text("itunes:email"), ""),
        categories=tuple(dict.fromkeys(_convert_categories(channel, import_log))),
        explicit=parse_flag(channel.child_text("itunes:explicit")) or False,
        serial=channel.child_text("itunes:type").lower() == "serial",
        copyright=single_line(channel.child_text("copyright")),
        true_keys=tuple(key for key, value in flags.items() if value),
        artwork=required_file(_artwork_url(channel), "artwork", "cover"),
        people=read_people(channel),
        listen=dict(_find_service_ids(channel)),
        links={},
        elements=tuple(custom_elements(channel, "channel", import_log)),
    )


def _with_prompt_links(show: ImportedShow, prompts: PromptStripper) -> ImportedShow:
    """The show with the services that the prompts link to."""
    services = {url: site.service_key_of_label(label) for url, label in prompts.links.items()}
    linked = {service: url for url, service in reversed(services.items()) if service and service not in show.listen}
    unknown = {url: label for url, label in prompts.links.items() if not services[url]}
    return replace(show, listen={**show.listen, **linked}, links=unknown)


def _artwork_url(channel: Node) -> str:
    itunes_image = channel.child("itunes:image")
    rss_image = channel.child("image")
    itunes_url = itunes_image.attributes.get("href", "") if itunes_image else ""
    return itunes_url or (rss_image.child_text("url") if rss_image else "")


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
                yield categories.format_category(valid)


def _find_service_ids(channel: Node) -> Iterator[tuple[str, str]]:
    """The show's ids at services, if the channel links to them or more than half of the episodes do."""
    items = channel.children_named("item")
    for service, pattern in _SHOW_ID_PATTERNS.items():
        counts = Counter(show_id for item in items for show_id in set(pattern.findall(_text_with_links(item))))
        [(most_common, count)] = counts.most_common(1) or [("", 0)]
        in_channel = pattern.search(_text_with_links(channel))
        if in_channel or count * 2 > len(items):
            yield service, in_channel[1] if in_channel else most_common


def _text_with_links(node: Node) -> str:
    return " ".join(node.child_text(key) for key in ("description", "content:encoded", "itunes:summary", "link"))
