"""The files of the feeds: RSS with its archives, JSON Feed, OPML, and the private feeds."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import closing
from typing import TYPE_CHECKING

from podcast_kit import __version__, feed, site
from podcast_kit.builder.cache import CacheKind
from podcast_kit.builder.episode_record import EpisodeRecord, digest_item
from podcast_kit.builder.kept_feed import FeedCopies
from podcast_kit.builder.output_dir import OutputDir, StoredFile
from podcast_kit.builder.private_feeds import PrivateList, render_feeds
from podcast_kit.errors import InvalidInput, Problem, SourceLocation
from podcast_kit.model import Image, Item, Output, Project, Show, Wave
from podcast_kit.writer_versions import PAGES_AND_FEEDS

if TYPE_CHECKING:
    from podcast_kit.builder.held_episodes import HeldEpisode

JSON_FEED_KEY = "feed.json"

OPML_KEY = "follow/show.opml"

RENDERED_FEEDS: CacheKind[tuple[tuple[StoredFile, Wave], ...]] = CacheKind(
    "rendered_feed",
    lambda files: [[file.key, file.sha256, file.size, file.mime, int(wave)] for file, wave in files],
    lambda rows: tuple((StoredFile(*row[:4]), Wave(row[4])) for row in rows),
)


def write_private_feeds(
    project: Project,
    private_list: PrivateList,
    items: Collection[Item],
    members_items: Collection[Item],
    artwork: Image | None,
    out: OutputDir,
    held: Mapping[str, HeldEpisode],
) -> None:
    """Write each body once; a subscriber's feed that equals one of them is a copy."""
    feeds = render_feeds(project, private_list, items, members_items, artwork)
    members_guids = {item.guid for item in members_items}
    restored = {guid: episode for guid, episode in held.items() if guid not in members_guids}
    for key, data in feeds.bodies.items():
        out.write(key, _restore_rss_items(data, restored), Wave.FEED)
    for key, source_key in feeds.copies.items():
        out.copy_output(key, source_key)


def write_feeds(
    project: Project,
    items: tuple[Item, ...],
    artwork: Image | None,
    out: OutputDir,
    held: Mapping[str, HeldEpisode],
    record: EpisodeRecord | None,
    page_keys: Collection[str],
) -> None:
    """Render the feed with its archives, JSON Feed and OPML, unless an earlier build wrote the same.

    Episodes that are in the feed of the `record` as they are now are copied from there. `page_keys` are those of
    pages, which may not be written yet.
    """
    refuse_feed_path(project, out, page_keys)
    path = project.show.feed.path
    digest_one = record.digest_item if record else digest_item
    cache_key = _digest_feed_inputs(project.show, map(digest_one, items), artwork)
    stored = None if held else out.cache.get(RENDERED_FEEDS, cache_key)
    if stored and all(out.add_if_unchanged(file, wave) for file, wave in stored):
        return
    if project.listed_shows is not None:
        out.write(path, feed.render_rss(project.show, (), artwork=artwork), Wave.FEED)
        out.write(site.NETWORK_OPML_KEY, feed.render_network_opml(project.show, project.listed_shows), Wave.PAGES)
        return
    kept = record.find_feed() if record else ()
    with (
        closing(FeedCopies((page for page in kept if page.key != JSON_FEED_KEY), out, digest_one)) as copies,
        closing(FeedCopies((page for page in kept if page.key == JSON_FEED_KEY), out, digest_one)) as json_copies,
    ):
        pages = feed.stream_feed_pages(project.show, items, artwork=artwork, rendered=copies if record else None)
        outputs = [_write_feed(key, parts, _restore_rss_items, held, out) for key, parts in pages]
        json_copies.start_page(JSON_FEED_KEY)
        parts = feed.stream_json_feed(project.show, items, artwork=artwork, rendered=json_copies if record else None)
        outputs.append(_write_feed(JSON_FEED_KEY, parts, _restore_json_items, held, out))
        if record:
            record.keep_feed((*copies.list_pages(out), *json_copies.list_pages(out)))
    outputs.append(out.write(OPML_KEY, feed.render_opml(project.show), Wave.PAGES))
    files = tuple(
        (StoredFile(output.key, output.sha256, output.size, output.content_type), output.wave) for output in outputs
    )
    if not held:
        out.cache.set(RENDERED_FEEDS, cache_key, files)


def _write_feed(
    key: str,
    parts: Iterable[bytes],
    restore: Callable[[bytes, Mapping[str, HeldEpisode]], bytes],
    held: Mapping[str, HeldEpisode],
    out: OutputDir,
) -> Output:
    """Write a feed piece by piece: that of a long show takes more memory than the rest of the build."""
    if held:
        return out.write(key, restore(b"".join(parts), held), Wave.FEED)
    return out.write_parts(key, parts, Wave.FEED)


def refuse_feed_path(project: Project, out: OutputDir, page_keys: Collection[str]) -> None:
    """Raise InvalidInput where the feed would have the path of a page or another file."""
    path = project.show.feed.path
    if clash := _clashing_key(path, [*out.outputs, *page_keys, JSON_FEED_KEY, OPML_KEY, site.NETWORK_OPML_KEY]):
        location = project.show.locations.get("feed.path") or SourceLocation("podcast.yaml")
        text = f"feed: path: {path!r} is already the address of {clash}"
        raise InvalidInput([Problem(location, text, "choose another name for the feed, such as feed.xml", "path.form")])


def _restore_rss_items(data: bytes, held: Mapping[str, HeldEpisode]) -> bytes:
    """The feed with what is `held` as it is live."""
    if not held:
        return data
    from podcast_kit.builder.held_episodes import restore_rss_items

    return restore_rss_items(data, held)


def _restore_json_items(data: bytes, held: Mapping[str, HeldEpisode]) -> bytes:
    """As `_restore_rss_items`, of the JSON Feed."""
    if not held:
        return data
    from podcast_kit.builder.held_episodes import restore_json_items

    return restore_json_items(data, held)


def _digest_feed_inputs(show: Show, item_digests: Iterable[str], artwork: Image | None) -> str:
    """The digest of everything that the feeds are rendered from, an item at a time: together they are long texts."""
    digest = hashlib.sha256(repr((PAGES_AND_FEEDS, __version__, show, artwork)).encode())
    for item_digest in item_digests:
        digest.update(item_digest.encode())
    return digest.hexdigest()


def _clashing_key(path: str, keys: Collection[str]) -> str:
    """The key that equals the path or needs a folder of that name, where file systems ignore case; else empty."""
    folded = path.casefold()
    alike = (key for key in keys if key[:1].casefold()[:1] == folded[:1])  # few of thousands
    return next((key for key in alike if f"{key.casefold()}/".startswith(f"{folded}/")), "")
