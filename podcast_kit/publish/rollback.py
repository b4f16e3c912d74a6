"""Back to a feed that was live before."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from podcast_kit.errors import InvalidInput, OperationError, Problem, SourceLocation
from podcast_kit.feed import parse
from podcast_kit.model import Node, Output, Wave
from podcast_kit.plan import Change, Plan, Reason, Verb
from podcast_kit.stores import Found, Store
from podcast_kit.stores import state as record
from podcast_kit.stores.state import State
from podcast_kit.text.numbers import parse_count

HEADERS = ("application/rss+xml; charset=utf-8", "public, max-age=300, must-revalidate")
LATEST = 10
LINKS = ("url", "href", "src", "uri")


@dataclass(frozen=True, slots=True)
class Kept:
    """A feed that was live once."""

    number: int
    key: str

    @property
    def digest(self) -> str:
        """The start of its sha256."""
        return self.key.rpartition("-")[2].removesuffix(".xml")


def kept(state: State) -> tuple[Kept, ...]:
    """What can be gone back to, the newest first."""
    return tuple(Kept(record.number(key), key) for key in reversed(state.feeds))


def contents(store: Store, feeds: tuple[Kept, ...]) -> tuple[tuple[str, ...], ...]:
    """The titles in each of these feeds, as the feed has them; none of one that is gone or cannot be read.

    Only the newest ten are read.
    """
    with ThreadPoolExecutor(store.threads) as pool:
        read = tuple(pool.map(lambda each: _titles(store.get(each.key)), feeds[:LATEST]))
    return read + ((),) * (len(feeds) - len(read))


def _titles(found: Found | None) -> tuple[str, ...]:
    try:
        return tuple(item.child_text("title") for item in parse(found.content, "feed").items) if found else ()
    except InvalidInput:
        return ()


def plan(store: Store, state: State, wanted: Kept, folder: Path, *, url: str, feed: str = "feed.xml") -> Plan:
    """The plan that makes a kept feed the live one; its bytes are laid into `folder` meanwhile.

    Everything that it names below `url` must be there, of the length that it says: raises `InvalidInput`
    with all that is not, `Failed` when the kept feed itself is gone.
    """
    found = store.get(wanted.key)
    if found is None:
        raise OperationError(f"{wanted.key} is no longer in {store.name}", "choose another: `podcast-kit rollback --list`")
    named = names(found.content, url)
    with ThreadPoolExecutor(store.threads) as pool:
        there = dict(zip(named, pool.map(store.head, named), strict=True))
    missing = [
        Problem(SourceLocation(key), f"feed {wanted.number} names it, and {_fault(length)}", "choose another feed", "pb.gone")
        for key, length in named.items()
        if (remote := there[key]) is None or (length and remote.size != length)
    ]
    if missing:
        raise InvalidInput(missing)
    path = folder / "feed.xml"
    path.write_bytes(found.content)
    recorded = state.objects.get(feed)
    headers = dict(recorded.headers) if recorded else {}
    output = Output(
        key=feed,
        size=len(found.content),
        sha256=hashlib.sha256(found.content).hexdigest(),
        content_type=headers.get("Content-Type") or HEADERS[0],
        cache_control=headers.get("Cache-Control") or HEADERS[1],
        wave=Wave.FEED,
        path=path,
    )
    same = recorded is not None and recorded.sha256 == output.sha256
    verb, reason = (Verb.KEEP, Reason.SAME) if same else (Verb.REPLACE, Reason.CONTENT)
    changes = [Change(key=feed, verb=verb, reason=reason, size=output.size, wave=Wave.FEED, output=output)]
    changes += [
        Change(key=key, verb=Verb.RESTORE, reason=Reason.BACK, size=state.objects[key].size, wave=Wave.MEDIA)
        for key in sorted(named.keys() & state.retired.keys() & state.objects.keys())
    ]
    return Plan(changes=tuple(changes), feed=feed, state=state)


def names(feed: bytes, url: str) -> dict[str, int]:
    """The keys below `url` that a feed names in its elements; with the length of an enclosure, else 0."""
    found: dict[str, int] = {}
    base = url.rstrip("/") + "/"
    todo: list[Node] = [parse(feed, "feed").root]
    while todo:
        node = todo.pop()
        todo.extend(node.children)
        length = node.attributes.get("length", "") if node.key == "enclosure" else ""
        for name in LINKS:
            address = node.attributes.get(name, "")
            key = unquote(address.removeprefix(base).partition("#")[0].partition("?")[0])
            if address.startswith(base) and key and not key.endswith("/"):
                found[key] = max(found.get(key, 0), parse_count(length) or 0)
    return dict(sorted(found.items()))


def _fault(length: int) -> str:
    return f"it is not there with {length} bytes" if length else "it is not there"
