"""Converts what a tool's reader returns: guids from the live feed or by the tool's rule, the rest as of a feed."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from posixpath import basename, splitext
from urllib.parse import unquote, urlsplit
from uuid import UUID, uuid5

from podcast_kit.errors import InvalidInput, Problem, Severity
from podcast_kit.importer.cut_feed import find_cut
from podcast_kit.importer.elements import value_or_default
from podcast_kit.importer.item_reader import item_recording_url
from podcast_kit.importer.model import ImportedEpisode, ImportedFeed, RequiredFile
from podcast_kit.importer.show_reader import convert_feed, site_url
from podcast_kit.importer.tools.model import NO_SITE_URL, ToolEpisode, ToolShow
from podcast_kit.importer.tools.nodes import make_channel, make_item, make_node
from podcast_kit.importer.tools.source_folder import SourceFolder
from podcast_kit.io.stored_values import StoredValues
from podcast_kit.model import FeedDocument, Node, show_guid
from podcast_kit.source.aliases import to_page_key
from podcast_kit.source.episode import slugify_title
from podcast_kit.source.yaml import InvalidValue, converters
from podcast_kit.text.feed_dates import parse_feed_date
from podcast_kit.text.numbers import format_count

MAX_NAMED_EPISODES = 5
"""Episodes that a message names; of more it says how many."""
_FROM_LIVE_FEED = ("guid", "title", "pubDate", "enclosure", "itunes:duration")
"""What subscribers have, and so is taken from the live feed."""
_OF_EVERY_FEED = {"link", "atom:link"}
"""Elements that describe the site, and are not worth a mention."""
_PICTURE = re.compile(r"!\[[^\[\]]{0,500}\]\((https?://[^\s()<>]{1,2000})\)")
_PICTURE_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".gif"}
_NO_WORD = re.compile(r"[\W_]+")
_SAME_DAY = timedelta(hours=36)
"""A date without a time zone can be off by that."""
_FEED_FIX = "pass the live feed with --feed URL"
_NEW_FIX = "or, if no one has subscribed yet, pass --guids new"


class GuidChoice(StrEnum):
    """Where guids come from; the value is what `--guids` takes."""

    AUTO = "auto"
    """The live feed if it is passed, else the tool's rule; stops where neither has one."""
    FEED = "feed"
    """Only the live feed: every published episode has to be in it."""
    NEW = "new"
    """Like auto, and episodes without a guid get a new one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvertedTool:
    """A tool's show, converted."""

    document: FeedDocument
    """What subscribers have: the live feed, or else the feed as the tool would write it."""
    imported: ImportedFeed


def convert_tool_show(
    show: ToolShow, live: FeedDocument | None, now: datetime, choice: GuidChoice, origin: SourceFolder
) -> ConvertedTool:
    """Convert a tool's show, with guids of the `live` feed where it is passed; `now` tells what is scheduled.

    `origin` is the folder that it was read from.

    Raises InvalidInput if episodes have no guid by the choice, or if there are none.
    """
    for episode in show.episodes:
        if not episode.length and (path := show.files.get(episode.recording_url)):
            episode.length = str(origin.size_of(path) or "")
    matches = dict(_match_live_items(show, live)) if live else {}
    missing = [] if choice is GuidChoice.NEW else _episodes_without_guid(show, matches, now, choice)
    if missing:
        raise InvalidInput([_missing_guid_problem(show, missing, has_feed=live is not None)])
    show.problems += find_cut(live) if live and len(live.items) < len(show.episodes) else ()
    show.problems += _describe_guids(show, matches, now, has_feed=live is not None)
    items: list[Node] = []
    by_guid: dict[str, ToolEpisode] = {}
    for index, episode in enumerate(show.episodes):
        item = _merge_item(make_item(episode), matches.get(index))
        guid = item.child_text("guid") or _new_guid(show, episode, origin)
        if not item.child_text("guid"):
            item = replace(item, children=(*item.children, make_node("guid", guid, location=episode.location)))
        items.append(item)
        by_guid.setdefault(guid, episode)
    only_live = _only_live_items(live, matches) if live else []
    document = _make_document(show, (*items, *only_live), live)
    feed_url = live.path if live and "://" in live.path else show.feed_url
    slugs = {guid: slugify_title(episode.slug) for guid, episode in by_guid.items() if episode.slug}
    imported = convert_feed(document, feed_url, slugs)
    if not imported.episodes:
        text = f"{show.recognition.tool} has no episodes that can be imported"
        problem = Problem(show.location, text, "an episode needs a recording with an address", "import")
        raise InvalidInput([problem, *show.problems, *imported.problems])
    imported = _with_tool_values(imported, show, by_guid, origin)
    published = [item for item in items if not _is_unpublished(by_guid.get(item.child_text("guid")), now)]
    return ConvertedTool(document=live or _make_document(show, tuple(published)), imported=imported)


def _make_document(show: ToolShow, items: tuple[Node, ...], live: FeedDocument | None = None) -> FeedDocument:
    """The feed as the tool would write it; what the live feed says of the show comes first."""
    channel = make_channel(show, items)
    if live and live.channel:
        live_children = [
            replace(child, path=child.path or live.path) for child in live.channel.children if child.key != "item"
        ]
        live_keys = {child.key for child in live_children}
        own = [child for child in channel.children if child.key not in live_keys]
        channel = replace(channel, children=(*live_children, *own))
    rss = make_node("rss", children=(channel,), location=show.location)
    return FeedDocument(path=show.location.path, root=rss, size=0)


def _episodes_without_guid(
    show: ToolShow, matches: Mapping[int, Node], now: datetime, choice: GuidChoice
) -> list[ToolEpisode]:
    """The published episodes that have no guid by the choice."""
    return [
        episode
        for index, episode in enumerate(show.episodes)
        if index not in matches
        and (not episode.guid or choice is GuidChoice.FEED)
        and episode.recording_url
        and not _is_unpublished(episode, now)
    ]


def _is_unpublished(episode: ToolEpisode | None, now: datetime) -> bool:
    """Whether an episode is a draft or scheduled."""
    if episode is None:
        return False
    date = parse_feed_date(episode.date)[0]
    return episode.is_draft or (date is not None and date > now)


def _missing_guid_problem(show: ToolShow, missing: list[ToolEpisode], *, has_feed: bool) -> Problem:
    text = f"no guid for {_name_episodes(missing)}: apps would download {_it_or_them(missing)} again"
    rule = f"{show.recognition.tool} makes guids from {show.guid_rule}" if show.guid_rule else ""
    reason = f" ({rule})" if rule else f" ({show.recognition.tool} does not say how it makes guids)"
    fix = "pass a feed that has all episodes" if has_feed else _FEED_FIX
    if not has_feed and show.feed_url:
        fix = f"pass --feed {show.feed_url} if that is the live feed"
    return Problem(missing[0].location, text + reason, f"{fix}; {_NEW_FIX}", "import.guid")


def _describe_guids(show: ToolShow, matches: Mapping[int, Node], now: datetime, *, has_feed: bool) -> Iterator[Problem]:
    """Hints on where the guids come from, and warnings of those that cannot be verified."""
    if not has_feed:
        feed = f"--feed {show.feed_url}" if show.feed_url else "--feed URL"
        text = f"guids are made from {show.guid_rule or 'the files'}, as {show.recognition.tool} does it"
        fix = f"pass {feed} to take them from the live feed"
        yield Problem(show.location, text, fix, "import.guid", Severity.HINT)
        return
    unmatched = [
        episode
        for index, episode in enumerate(show.episodes)
        if index not in matches and episode.guid and not _is_unpublished(episode, now) and episode.recording_url
    ]
    if unmatched:
        text = f"the live feed does not have {_name_episodes(unmatched)}"
        fix = f"the guid is made from {show.guid_rule or 'the files'}; check it if the feed is shortened"
        yield Problem(unmatched[0].location, text, fix, "import.guid", Severity.WARNING)
    changed = [
        show.episodes[index]
        for index, item in matches.items()
        if show.episodes[index].guid and show.episodes[index].guid != item.child_text("guid")
    ]
    if changed:
        text = f"the live feed has another guid than the files for {_name_episodes(changed)}"
        yield Problem(changed[0].location, text, "that of the live feed is kept", "import.guid", Severity.HINT)


def _name_episodes(episodes: list[ToolEpisode]) -> str:
    names = ", ".join(f"“{episode.title[:60] or episode.location.path}”" for episode in episodes[:MAX_NAMED_EPISODES])
    more = len(episodes) - MAX_NAMED_EPISODES
    return f"{names} and {format_count(more, 'more episode')}" if more > 0 else names


def _it_or_them(episodes: list[ToolEpisode]) -> str:
    return "it" if len(episodes) == 1 else "them"


def _new_guid(show: ToolShow, episode: ToolEpisode, origin: SourceFolder) -> str:
    """A guid for an episode that no one has: the same for the same file, so that an import can be repeated."""
    namespace = show_guid(show.feed_url or show.link or show.title)
    path = episode.location.path.removeprefix(origin.name).strip("/")
    return str(uuid5(UUID(namespace), f"{path} {episode.location.line} {episode.title}"))


def _match_live_items(show: ToolShow, live: FeedDocument) -> Iterator[tuple[int, Node]]:
    """The index of each episode that the live feed has, and its item: by recording, then by title and date."""
    home = site_url(live.channel, live.path) if live.channel else ""
    pending = {index: episode for index, episode in enumerate(show.episodes) if episode.recording_url or episode.title}
    items = {id(item): item for item in live.items}
    for keys_of_url in (_recording_key, _recording_name, None):
        items_by_key: dict[str, list[Node]] = defaultdict(list)
        episodes_by_key: dict[str, set[int]] = defaultdict(set)
        for item in items.values():
            url = item_recording_url(item, home)[0]
            title, date = item.child_text("title"), item.child_text("pubDate")
            for key in [keys_of_url(url)] if keys_of_url else _title_keys(title, date):
                items_by_key[key].append(item)
        for index, episode in pending.items():
            for key in (
                [keys_of_url(episode.recording_url)] if keys_of_url else _title_keys(episode.title, episode.date)
            ):
                episodes_by_key[key].add(index)
        for key, indexes in episodes_by_key.items():
            matching = items_by_key.get(key, [])
            if not key or len(indexes) != 1 or len(matching) != 1 or id(matching[0]) not in items:
                continue
            [index] = indexes
            if index in pending:
                yield index, items.pop(id(matching[0]))
                del pending[index]


def _recording_key(url: str) -> str:
    """The address of a recording without scheme and query, which services that count downloads change."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{(parts.hostname or '').removeprefix('www.')}{unquote(parts.path)}" if parts.path.strip("/") else ""


def _recording_name(url: str) -> str:
    """The file name of a recording, which services that count downloads keep."""
    return basename(_recording_key(url)).casefold()


def _title_keys(title: str, date: str) -> Iterator[str]:
    """The title with the days that its date may mean."""
    words = _NO_WORD.sub("", title).casefold()
    parsed = parse_feed_date(date)[0]
    if words and parsed:
        utc = parsed.astimezone(UTC)
        for day in sorted({(utc + shift).date().isoformat() for shift in (-_SAME_DAY / 3, _SAME_DAY / 3)}):
            yield f"{words} {day}"


def _merge_item(item: Node, live_item: Node | None) -> Node:
    """An item with what subscribers have, and further elements, of the live feed's item."""
    if live_item is None:
        return item
    own = {child.key for child in item.children}
    live_keys = {child.key for child in live_item.children}
    kept = [child for child in item.children if child.key not in _FROM_LIVE_FEED or child.key not in live_keys]
    added = [child for child in live_item.children if child.key in _FROM_LIVE_FEED or child.key not in own]
    return replace(item, children=(*kept, *added))


def _only_live_items(live: FeedDocument, matches: Mapping[int, Node]) -> list[Node]:
    """The items of the live feed that the files do not have."""
    matched = {id(item) for item in matches.values()}
    return [
        replace(item, path=item.path or live.path)
        for item in live.items
        if id(item) not in matched and item.child("enclosure")
    ]


def _with_tool_values(
    imported: ImportedFeed, show: ToolShow, by_guid: Mapping[str, ToolEpisode], origin: SourceFolder
) -> ImportedFeed:
    """The converted feed with what only the files have: Markdown, drafts, aliases, and files that are beside."""
    problems: list[Problem] = []
    page_keys = {f"episodes/{episode.slug}/index.html".casefold() for episode in imported.episodes}
    episodes = StoredValues(
        _with_episode_values(episode, by_guid.get(episode.guid), show, origin, problems, page_keys)
        for episode in imported.episodes
    )
    artwork = imported.show.artwork
    extra = len(imported.episodes) - sum(episode.guid in by_guid for episode in imported.episodes)
    if extra:
        text = f"{format_count(extra, 'episode')} of the live feed {'is' if extra == 1 else 'are'} not in the files"
        problems.append(Problem(show.location, text, "imported from the feed", "import", Severity.HINT))
    return replace(
        imported,
        show=replace(
            imported.show,
            artwork=_with_local_path(artwork, show) if artwork else None,
            listen={**imported.show.listen, **show.listen},
        ),
        episodes=episodes,
        problems=(*show.problems, *imported.problems, *problems),
        dropped={
            **{name: count for name, count in imported.dropped.items() if name not in _OF_EVERY_FEED},
            **dict(sorted(show.left_out.items())),
        },
    )


def _with_episode_values(
    episode: ImportedEpisode,
    source: ToolEpisode | None,
    show: ToolShow,
    origin: SourceFolder,
    problems: list[Problem],
    page_keys: set[str],
) -> ImportedEpisode:
    if source is None:
        return episode
    notes = source.markdown or episode.notes
    return replace(
        episode,
        notes=notes,
        pictures=tuple(_find_pictures(notes, episode.slug, show, origin)),
        is_draft=source.is_draft,
        aliases=tuple(_valid_aliases(source, episode.slug, problems, page_keys)),
        recording=_with_local_path(_without_placeholder(episode.recording), show),
        artwork=_with_local_path(episode.artwork, show) if episode.artwork else None,
        chapters=_with_local_path(episode.chapters, show) if episode.chapters else None,
        transcripts=tuple(_with_local_path(file, show) for file in episode.transcripts),
    )


def _find_pictures(notes: str, slug: str, show: ToolShow, origin: SourceFolder) -> Iterator[RequiredFile]:
    """The pictures of the notes whose files are in the site's folder."""
    site = f"{show.link.rstrip('/')}/"
    for url in dict.fromkeys(_PICTURE.findall(notes)) if show.link and show.picture_folders else ():
        path = unquote(url.removeprefix(site)).partition("?")[0]
        suffix = splitext(path)[1].lower()
        local = origin.find(*(f"{folder}/{path}" for folder in show.picture_folders)) if url.startswith(site) else ""
        if local and suffix in _PICTURE_SUFFIXES:
            name = slugify_title(splitext(basename(path))[0])
            digest = hashlib.sha256(local.encode()).hexdigest()[:8]
            yield RequiredFile(url, "picture", f"episodes/img/{slug}-{name}-{digest}{suffix}", local_path=local)


def _without_placeholder(file: RequiredFile) -> RequiredFile:
    """The recording without the address of a draft that has none."""
    return replace(file, url="") if file.url == NO_SITE_URL else file


def _with_local_path(file: RequiredFile, show: ToolShow) -> RequiredFile:
    return replace(file, local_path=show.files.get(file.url, ""))


def _valid_aliases(source: ToolEpisode, slug: str, problems: list[Problem], page_keys: set[str]) -> Iterable[str]:
    """The former addresses that pages here can have; `page_keys` has those that are taken, and gets more."""
    own_keys = {f"episodes/{slug}/index.html".casefold()}  # where the page is now
    for alias in source.aliases:
        address, reason, folded = urlsplit_path(alias), "", ""
        try:
            folded = to_page_key(address).casefold()
        except InvalidValue as error:
            reason = str(error)
        if folded in page_keys - own_keys:
            reason = "another episode has it"
        if reason:
            text = f"the former address {alias[:100]!r} is left out: {reason}"
            fix = "redirect it on your web server"
            problems.append(Problem(source.location, text, fix, "import", Severity.WARNING))
        elif folded not in own_keys:
            own_keys.add(folded)
            yield address
    page_keys |= own_keys


def urlsplit_path(address: str) -> str:
    """The path of an address of the site, with a leading slash."""
    path = address
    if value_or_default(converters.to_url, address, ""):
        path = urlsplit(address).path
    return f"/{unquote(path).strip('/')}/" if path.strip("/") else "/"
