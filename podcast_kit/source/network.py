"""Reads shows.yaml: the shows of a network, and the settings that they inherit.

Inheritance works on the values of the YAML files, so that each keeps the place where it was written.
"""

from __future__ import annotations

import fnmatch
import os
import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

from podcast_kit.errors import InvalidInput, PodcastKitError, Problem, SourceLocation
from podcast_kit.io.inside import is_inside, real_path
from podcast_kit.model import NETWORK_FILE, SHOW_FILE, Element, ListedShow, public_url, show_guid
from podcast_kit.model.lineage import SHARED_PREFIX, SourceText
from podcast_kit.namespaces import TAGS
from podcast_kit.source.source_text import read_source_text
from podcast_kit.source.yaml import (
    InvalidValue,
    Table,
    Value,
    converters,
    decode_source,
    parse_yaml_table,
    read_source_file,
    suggest_name,
)

NETWORK_KEYS = ("shows", "defaults", "podroll")
"""Keys that only shows.yaml has; the others describe the network's own page as podcast.yaml describes a show."""
FILE_KEYS = (*NETWORK_KEYS, "title", "description")
"""Keys that a network without a page of its own has."""
OWN_KEYS = {
    "title": "each show has its own title",
    "guid": "a guid identifies one show",
    "shows": "only the network lists shows",
    "defaults": "defaults cannot have defaults",
}
"""Keys that no show inherits, with the reason."""
PAGE_DEFAULTS = ("author", "language", "timezone", "owner", "copyright", "contact", "explicit", "theme", "categories")
"""Keys of `defaults:` that the network's own page has, too, unless shows.yaml sets them for it."""
NAME_PLACEHOLDER = "{name}"
"""In `defaults.publish`: the name of the show, which is that of its folder."""
SKIPPED_FOLDERS = frozenset({"build", "episodes", "templates", "static", "pages", "node_modules"})
MAX_SEARCH_DEPTH = 2
"""Folders in folders in which shows are looked for, where shows.yaml lists none."""
MAX_SHOWS = 2_000
WILDCARDS = "*?["
CODE_TWICE, CODE_NESTED, CODE_DEFAULTS = "network.twice", "network.nested", "network.defaults"


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkShow:
    """A show of a network, by its folder."""

    name: str
    """The name of its folder; its path in the network where two folders have the same name."""
    path: str
    """Relative to the network's folder, with forward slashes."""
    folder: Path
    location: SourceLocation
    """Where shows.yaml lists it; its own podcast.yaml where nothing lists it."""
    problems: tuple[Problem, ...] = ()
    """Why it cannot be used; empty if it can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowNetwork:
    """The shows of a network, and what they share."""

    folder: Path
    has_file: bool
    """Whether it has a shows.yaml; without one, its shows share nothing."""
    title: str = ""
    shows: tuple[NetworkShow, ...] = ()
    defaults: Mapping[str, Value] = field(default_factory=dict, repr=False)
    entries: Mapping[str, Value] = field(default_factory=dict, repr=False)
    """What shows.yaml says of the network itself."""
    podroll: str = ""
    """`siblings`: each show recommends the others."""

    @property
    def has_page(self) -> bool:
        """Whether the network has a page and a publisher feed of its own."""
        return "publish" in self.entries and not self.entries["publish"].is_empty

    def find_member(self, folder: Path) -> NetworkShow | None:
        """The show in this folder; None where it is not part of the network."""
        target = real_path(folder)
        return next((show for show in self.shows if not show.problems and real_path(show.folder) == target), None)


def find_network_folder(start: Path) -> Path | None:
    """The nearest folder that has a shows.yaml, from `start` upwards; None if there is none."""
    start = Path(start).absolute()
    return next((folder for folder in (start, *start.parents) if (folder / NETWORK_FILE).is_file()), None)


def find_network(folder: Path) -> ShowNetwork | None:
    """The network that a show's folder is part of; None if there is none, or if it does not list the show.

    Raises InvalidInput where its shows.yaml cannot be read.
    """
    folder = Path(os.path.realpath(folder))
    root = find_network_folder(folder.parent)
    if root is None:
        return None
    problems: Iterable[Problem] = ()
    try:
        network = load_network(root)
        problems = [problem for show in network.shows if real_path(show.folder) == folder for problem in show.problems]
    except InvalidInput as error:
        problems = error.problems
    if problems:
        path = _path_from(folder, root)
        raise InvalidInput(replace(problem, location=replace(problem.location, path=path)) for problem in problems)
    return network if network.find_member(folder) else None


def _path_from(show_folder: Path, root: Path) -> str:
    """The path of shows.yaml, relative to the folder of one of its shows."""
    return os.path.relpath(root / NETWORK_FILE, os.path.realpath(show_folder)).replace(os.sep, "/")


def load_network(folder: Path) -> ShowNetwork:
    """The network in a folder; its shows are those that shows.yaml lists, or else those in its subfolders.

    Shows that cannot be used have problems. Raises InvalidInput where shows.yaml cannot be read, and PodcastKitError
    where there is no show.
    """
    path = folder / NETWORK_FILE
    if not path.is_file():
        shows = tuple(_name_shows(_find_shows(folder)))
        if not shows:
            text = f"no {NETWORK_FILE} in {folder}, and no folder with a {SHOW_FILE}"
            fix = "go to the network's folder, or create a network with `podcast-kit init --network`"
            raise PodcastKitError(text, fix)
        return ShowNetwork(folder=folder, has_file=False, shows=shows)
    status = path.stat()
    table = replace(_read_network_file(path, status.st_mtime_ns, status.st_size, status.st_ino))
    table.problems = list(table.problems)
    defaults = table.table("defaults")
    podroll = table.optional("podroll", _to_podroll, "") if _is_scalar(table.value("podroll")) else ""
    title = table.optional("title", converters.to_line, "")
    entries = {
        key: value for key, value in table.entries.items() if key not in NETWORK_KEYS or _is_page_key(key, value)
    }
    shows = tuple(_name_shows(_list_shows(folder, table)))
    _check_defaults(table, defaults)
    network = ShowNetwork(
        folder=folder,
        has_file=True,
        title=title,
        shows=shows,
        defaults=defaults.entries if defaults else {},
        entries=entries,
        podroll=podroll,
    )
    if not network.has_page:
        table.known_keys.update(FILE_KEYS)
        _check_page_keys(table)
    if table.problems:
        raise InvalidInput(table.problems)
    return network


def _is_scalar(value: Value | None) -> bool:
    return value is not None and isinstance(value.content, str)


def _is_page_key(key: str, value: Value) -> bool:
    """Whether a key that shows.yaml has for its shows is meant for the network's page: a podroll of its own."""
    return key == "podroll" and not _is_scalar(value)


@lru_cache(maxsize=16)
def _read_network_file(path: Path, _mtime_ns: int, _size: int, _inode: int) -> Table:
    """The mapping in shows.yaml; every show of a run reads it."""
    return parse_yaml_table(decode_source(read_source_file(path, NETWORK_FILE), NETWORK_FILE), NETWORK_FILE)


def _to_podroll(raw: str) -> str:
    if converters.to_line(raw) != "siblings":
        fix = "write 'podroll: siblings', or list the shows that the network's own feed recommends"
        raise InvalidValue(f"{converters.quote_value(raw)} is not a podroll", fix, "value.choice")
    return "siblings"


def _check_defaults(table: Table, defaults: Table | None) -> None:
    """Report keys that no show inherits."""
    for key, reason in OWN_KEYS.items():
        if defaults and key in defaults.entries:
            location = defaults.entries[key].location
            table.error(location, f"{key!r} cannot be inherited: {reason}", "move it", CODE_DEFAULTS)


def _check_page_keys(table: Table) -> None:
    """Report what describes a page that the network does not have, and keys that do not exist."""
    from podcast_kit.source.core_keys import SHOW_KEYS

    show_keys = {key.name for key in SHOW_KEYS} | {key for tag in TAGS.values() for key in tag.keys}
    for key, value in table.entries.items():
        if key in table.known_keys or key.startswith("x-"):
            continue
        if key in show_keys:
            fix = "indent it below 'defaults:' if it is for the shows, or add 'publish:' to give the network a page"
            table.error(
                value.location, f"{key!r} describes the page of the network, which has none", fix, "key.unknown"
            )
        else:
            fix = suggest_name(key, table.known_keys)
            table.error(value.location, f"unknown key {key!r}", fix, "key.unknown")


def _list_shows(folder: Path, table: Table) -> Iterator[NetworkShow]:
    """The shows that `shows:` lists, in its order; without it those that are found."""
    values = table.values("shows")
    if "shows" not in table.entries or table.entries["shows"].is_empty:
        yield from _find_shows(folder)
        return
    if isinstance(table.entries["shows"].content, dict):
        text, fix = "shows: must be a list of folders", "write a line '- FOLDER' for each show"
        table.error(table.entries["shows"].location, text, fix, "value.table")
        return
    seen: dict[Path, tuple[SourceLocation, bool]] = {}
    for value in table.entries["shows"].content if isinstance(table.entries["shows"].content, list) else values:
        pattern = value.content.strip() if isinstance(value.content, str) else ""
        pattern = pattern.rstrip("/") or pattern
        if not pattern:
            problem = Problem(value.location, "is not the name of a folder", "write '- FOLDER'", "value.single")
            yield _broken_show(f"line {value.location.line}", folder, problem)
            continue
        is_pattern = any(character in pattern for character in WILDCARDS)
        for show in _match_shows(folder, pattern, value.location, is_pattern=is_pattern):
            if len(seen) >= MAX_SHOWS:
                text = f"names more than {MAX_SHOWS:,} shows"
                table.error(value.location, text, "is it the right folder?", "file.long")
                return
            target = real_path(show.folder)
            first_location, was_pattern = seen.setdefault(target, (value.location, is_pattern))
            if first_location == value.location:
                yield show if show.problems else replace(show, problems=tuple(_find_nesting(folder, show)))
            elif not is_pattern and not was_pattern:
                text = f"the show {show.path!r} is listed twice (also on line {first_location.line})"
                problem = Problem(value.location, text, "remove one of the two", CODE_TWICE)
                yield _broken_show(show.name, folder, problem)


def _broken_show(name: str, folder: Path, problem: Problem) -> NetworkShow:
    """An entry of `shows:` that cannot be used."""
    return NetworkShow(name=name, path=name, folder=folder / name, location=problem.location, problems=(problem,))


def _match_shows(folder: Path, pattern: str, location: SourceLocation, *, is_pattern: bool) -> Iterator[NetworkShow]:
    """The shows in the folders that an entry of `shows:` means; one with problems where it means none."""
    quoted = converters.quote_value(pattern)
    if "\0" in pattern:
        text, fix = f"{quoted} has a NUL character", "delete it and type the path again"
        yield _broken_show("?", folder, Problem(location, text, fix, "path.form"))
        return
    if "\\" in pattern or pattern.startswith("~") or ".." in pattern.split("/") or Path(pattern).is_absolute():
        text, fix = f"{quoted} is not a folder below {NETWORK_FILE}", f"write its path, relative to {NETWORK_FILE}"
        yield _broken_show(pattern, folder, Problem(location, text, fix, "path.outside"))
        return
    if not is_pattern:
        yield _check_show_folder(folder, pattern, location)
        return
    paths = list(_expand_pattern(folder, "", pattern.split("/")))
    paths = [path for path in paths if (folder / path / SHOW_FILE).is_file()]
    if not paths:
        text = f"{quoted} matches no folder that has a {SHOW_FILE}"
        problem = Problem(location, text, "correct the pattern, or remove the line", "file.missing")
        yield _broken_show(pattern, folder, problem)
    for path in paths:
        yield _check_show_folder(folder, path, location)


def _check_show_folder(folder: Path, path: str, location: SourceLocation) -> NetworkShow:
    """The show in a folder, or what is wrong with the folder."""
    show_folder, quoted = folder / path, converters.quote_value(path)
    if not is_inside(folder, path):
        text, fix = f"{quoted} is a link that leads out of the network's folder", "replace the link by the folder"
        return _broken_show(path, folder, Problem(location, text, fix, "path.outside"))
    if real_path(show_folder) == real_path(folder):
        text = "the network's own folder cannot be one of its shows"
        return _broken_show(path, folder, Problem(location, text, "give the show a folder of its own", CODE_NESTED))
    if not show_folder.is_dir():
        text = f"{quoted} is not a folder" if show_folder.exists() else f"the folder {quoted} does not exist"
        names = [subfolder.name for subfolder in _list_subfolders(show_folder.parent)]
        fix = suggest_name(show_folder.name, names) if names else ""
        fix = fix if fix.startswith("did you mean") else "correct the path, or remove the line"
        return _broken_show(path, folder, Problem(location, text, fix, "file.missing"))
    if not (show_folder / SHOW_FILE).is_file():
        text, fix = f"{quoted} has no {SHOW_FILE}, so it is not a show", "create its podcast.yaml, or remove the line"
        return _broken_show(path, folder, Problem(location, text, fix, "file.missing"))
    clean_path = posixpath.normpath(path)
    return NetworkShow(name=show_folder.name, path=clean_path, folder=folder / clean_path, location=location)


def _expand_pattern(folder: Path, path: str, parts: list[str]) -> Iterator[str]:
    """The folders that a pattern with *, ? and [] means, sorted, each part within its own folder."""
    if not parts:
        yield path
        return
    prefix = f"{path}/" if path else ""
    if not any(character in parts[0] for character in WILDCARDS):
        if (folder / f"{prefix}{parts[0]}").is_dir():
            yield from _expand_pattern(folder, f"{prefix}{parts[0]}", parts[1:])
        return
    for entry in _list_subfolders(folder / path if path else folder):
        if fnmatch.fnmatchcase(entry.name, parts[0]):
            yield from _expand_pattern(folder, f"{prefix}{entry.name}", parts[1:])


def _list_subfolders(folder: Path) -> list[Path]:
    """The subfolders in which shows may be, sorted by name."""
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if not entry.name.startswith(".") and _is_folder(entry)]
    except OSError:
        return []
    return [folder / name for name in sorted(names) if name not in SKIPPED_FOLDERS]


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        entry.name.encode()
        return entry.is_dir()
    except (OSError, UnicodeEncodeError):
        return False


def _find_shows(folder: Path, path: str = "", depth: int = MAX_SEARCH_DEPTH) -> Iterator[NetworkShow]:
    """The shows in the subfolders of a folder; links that lead out of it are not followed."""
    root = folder
    for subfolder in _list_subfolders(root / path if path else root):
        below = f"{path}/{subfolder.name}" if path else subfolder.name
        if not is_inside(root, below):
            continue
        if (subfolder / SHOW_FILE).is_file():
            location = SourceLocation(f"{below}/{SHOW_FILE}")
            yield NetworkShow(name=subfolder.name, path=below, folder=subfolder, location=location)
        elif depth > 1:
            yield from _find_shows(root, below, depth - 1)


def _find_nesting(folder: Path, show: NetworkShow) -> Iterator[Problem]:
    """A network in the show or between it and the network, and a show that it is inside of."""
    if (show.folder / NETWORK_FILE).is_file():
        text = f"{show.path} has a {NETWORK_FILE} of its own, and networks cannot contain networks"
        yield Problem(show.location, text, f"list its shows in this {NETWORK_FILE}, and delete its own", CODE_NESTED)
    parents = show.path.split("/")[:-1]
    for count in range(1, len(parents) + 1):
        parent = "/".join(parents[:count])
        if (folder / parent / NETWORK_FILE).is_file():
            text = f"{show.path} is a show of the network in {parent}, and networks cannot contain networks"
            yield Problem(show.location, text, f"delete {parent}/{NETWORK_FILE}, or remove the line", CODE_NESTED)
        if (folder / parent / SHOW_FILE).is_file():
            text = f"{show.path} is inside of the show {parent}"
            yield Problem(show.location, text, "give each show a folder of its own", CODE_NESTED)


def _name_shows(shows: Iterable[NetworkShow]) -> Iterator[NetworkShow]:
    """The shows, each by the name of its folder, or by its path where that is not unique."""
    listed = list(shows)
    counts: dict[str, int] = {}
    for show in listed:
        counts[show.name.casefold()] = counts.get(show.name.casefold(), 0) + 1
    for show in listed:
        yield replace(show, name=show.path) if counts[show.name.casefold()] > 1 else show


def inherit_defaults(table: Table, network: ShowNetwork, show: NetworkShow) -> tuple[Table, SourceText]:
    """The table of podcast.yaml with the defaults of its network, and what both say, for lineage.

    The show's own word wins: keys and values are merged key by key, everything else is replaced, and an empty mapping
    or list in podcast.yaml turns an inherited one off.
    """
    own = read_source_text(table.entries)
    defaults = _defaults_for(network, show)
    merged = _merge_entries(table.entries, defaults)
    used = {key: value for key, value in defaults.items() if merged.get(key) is not table.entries.get(key)}
    shared = read_source_text(used)
    parts = {**own.parts, **{f"{SHARED_PREFIX}{key}": digest for key, digest in shared.parts.items()}}
    file_names = tuple(dict.fromkeys((*own.file_names, *shared.file_names)))
    return replace(table, entries=merged), SourceText(parts, file_names)


def _defaults_for(network: ShowNetwork, show: NetworkShow) -> dict[str, Value]:
    """The settings that a show inherits, located from its own folder."""
    path = _path_from(show.folder, real_path(network.folder))
    defaults = {key: _relocate_value(value, path) for key, value in network.defaults.items() if key not in OWN_KEYS}
    publish = defaults.get("publish")
    if publish and isinstance(publish.content, dict):
        defaults["publish"] = replace(publish, content=_publish_defaults(publish.content, network, show))
    return defaults


def _publish_defaults(publish: Mapping[str, Value], network: ShowNetwork, show: NetworkShow) -> dict[str, Value]:
    """The inherited `publish:` with the name of the show; a folder is relative to shows.yaml, as everywhere in it.

    The name is always that of the show's folder: another show of the same name must not move it.
    """
    name = posixpath.basename(show.path)
    filled: dict[str, Value] = {}
    for key, value in publish.items():
        text = value.content
        if isinstance(text, str):
            text = text.replace(NAME_PLACEHOLDER, quote(name, safe="") if key == "url" else name)
            is_folder = key == "to" and "provider" not in publish and ":" not in text
            if is_folder and text.strip() and not text.startswith(("/", "~")):
                folder = os.path.relpath(real_path(network.folder) / text.strip(), real_path(show.folder))
                text = folder.replace(os.sep, "/")
        filled[key] = replace(value, content=text)
    return filled


def _relocate_value(value: Value, path: str) -> Value:
    """A value with the path of its file."""
    location = replace(value.location, path=path)
    if isinstance(value.content, dict):
        entries = {key: _relocate_value(inner, path) for key, inner in value.content.items()}
        return replace(value, location=location, content=entries)
    if isinstance(value.content, list):
        return replace(value, location=location, content=[_relocate_value(item, path) for item in value.content])
    return replace(value, location=location)


def _merge_entries(own: Mapping[str, Value], defaults: Mapping[str, Value]) -> dict[str, Value]:
    """Both mappings, in the order of the own one."""
    by_main_name = {_main_names().get(key, key): key for key, value in own.items() if not value.is_empty}
    merged = dict(own)
    for key, inherited in defaults.items():
        own_key = by_main_name.get(_main_names().get(key, key))
        if own_key is None:
            merged.pop(key, None)
            merged[key] = inherited
            continue
        own_value = own[own_key]
        if isinstance(own_value.content, dict) and own_value.content and isinstance(inherited.content, dict):
            merged[own_key] = replace(own_value, content=_merge_entries(own_value.content, inherited.content))
    return merged


@lru_cache(maxsize=1)
def _main_names() -> dict[str, str]:
    """Other name of a key → its main name."""
    from podcast_kit.source.core_keys import SHOW_KEYS

    names = {key: tag.keys[0] for tag in TAGS.values() for key in tag.keys[1:]}
    for core_key in (*SHOW_KEYS, *(inner for key in SHOW_KEYS for inner in key.fields)):
        names |= dict.fromkeys(core_key.other_names, core_key.name)
    return names


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowIdentity:
    """What tells a show from the others: where it is published, and its guid."""

    name: str
    title: str
    url: str
    feed_url: str
    guid: str
    """As podcast.yaml has it; may be empty."""
    to: str
    """`publish.to`, with the store's other settings."""
    endpoint: str = ""
    provider: str = ""
    locations: Mapping[str, SourceLocation] = field(default_factory=dict, compare=False, repr=False)
    """Where `guid`, `to` and `url` are written, from the network's folder."""

    @property
    def feed_guid(self) -> str:
        """The guid, or the one that is derived from the address of the feed."""
        return self.guid or show_guid(self.feed_url)


def read_identity(network: ShowNetwork, show: NetworkShow) -> ShowIdentity | None:
    """What identifies a show; None where its podcast.yaml cannot be read, which loading the show reports."""
    path = show.folder / SHOW_FILE
    try:
        status = path.stat()
        entries = _read_show_entries(path, status.st_mtime_ns, status.st_size, status.st_ino)
    except (OSError, InvalidInput):
        return None
    table = Table(SourceLocation(SHOW_FILE), _merge_entries(entries, _defaults_for(network, show)))
    return _identity_from_table(table, show.name, show.path)


@lru_cache(maxsize=MAX_SHOWS)
def _read_show_entries(path: Path, _mtime_ns: int, _size: int, _inode: int) -> dict[str, Value]:
    return parse_yaml_table(decode_source(read_source_file(path, SHOW_FILE), SHOW_FILE), SHOW_FILE).entries


def _identity_from_table(table: Table, name: str, path: str) -> ShowIdentity | None:
    try:
        publish = table.table("publish") or Table(table.location, {})
        feed = table.table("feed") or Table(table.location, {})
        url = publish.optional("url", converters.to_base_url, "")
        identity = ShowIdentity(
            name=name,
            title=table.optional("title", converters.to_line, ""),
            url=url,
            feed_url=public_url(url, feed.optional("path", converters.to_line, "feed.xml")) if url else "",
            guid=table.optional("guid", converters.to_uuid, ""),
            to=publish.optional("to", converters.to_line, ""),
            endpoint=publish.optional("endpoint", converters.to_line, ""),
            provider=publish.optional("provider", converters.to_line, ""),
        )
    except InvalidInput:
        return None
    locations = {
        key: replace(location, path=posixpath.normpath(posixpath.join(path, location.path)))
        for key, location in {**table.locations, **publish.locations}.items()
    }
    return replace(identity, locations=locations)


def read_publisher(network: ShowNetwork) -> ShowIdentity | None:
    """What identifies the network's own feed; None where it has none, or where it cannot be read."""
    if not network.has_page:
        return None
    return _identity_from_table(Table(SourceLocation(NETWORK_FILE), dict(network.entries)), "", "")


def network_elements(network: ShowNetwork, show: NetworkShow, own: Iterable[Element]) -> tuple[Element, ...]:
    """What a show's feed says of its network, unless it has these elements: the publisher, and the other shows."""
    names = {element.name for element in own}
    elements: list[Element] = []
    publisher = read_publisher(network)
    if publisher and publisher.feed_url and "podcast:publisher" not in names:
        elements.append(Element("podcast:publisher", children=(remote_item(publisher, medium="publisher"),)))
    if network.podroll and "podcast:podroll" not in names:
        siblings = [read_identity(network, other) for other in network.shows if other.name != show.name]
        items = tuple(remote_item(sibling) for sibling in siblings if sibling and sibling.feed_url)
        if items:
            elements.append(Element("podcast:podroll", children=items))
    return tuple(elements)


def remote_item(identity: ShowIdentity, *, medium: str = "") -> Element:
    """The element that names another feed."""
    attributes = [("feedGuid", identity.feed_guid), ("feedUrl", identity.feed_url)]
    attributes += [("medium", medium)] if medium else []
    attributes += [("title", identity.title)] if identity.title else []
    return Element("podcast:remoteItem", attributes=tuple(attributes))


def publisher_elements(listed: Iterable[ListedShow]) -> tuple[Element, ...]:
    """What makes a feed that of a publisher: its medium, and a remote item for each show."""
    items = [
        Element(
            "podcast:remoteItem",
            attributes=(
                ("feedGuid", show.guid),
                ("feedUrl", show.feed_url),
                ("medium", "podcast"),
                ("title", show.title),
            ),
        )
        for show in listed
    ]
    return (Element("podcast:medium", "publisher"), *items)


def page_table(network: ShowNetwork) -> Table:
    """The table that describes the network's own page, with those of the defaults that hold for it, too."""
    defaults = {key: value for key, value in network.defaults.items() if key in PAGE_DEFAULTS}
    return Table(SourceLocation(NETWORK_FILE), _merge_entries(network.entries, defaults))
