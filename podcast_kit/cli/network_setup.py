"""`init` in a network: a new network, and a new show that inherits what shows.yaml says."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Any

from podcast_kit.cli.console import Console
from podcast_kit.cli.questions import ask_option, require_options
from podcast_kit.errors import OperationError
from podcast_kit.io import atomic_write
from podcast_kit.io.inside import read_own_lines
from podcast_kit.model import NETWORK_FILE, SHOW_FILE, public_url, show_guid
from podcast_kit.source import network as networks
from podcast_kit.source.network_scaffold import DEFAULT_PATTERN, NewNetwork, render_member_file
from podcast_kit.source.scaffold import yaml_scalar
from podcast_kit.source.yaml import converters

IGNORED_IN_NETWORK = ("build/", ".podcast-kit/", "subscribers.key", "subscribers.txt", ".env")
INHERITED_KEYS = ("author", "language", "publish")
"""Keys that a show needs, and that a network must set so that a new show can leave them out."""


def create_network(console: Console, folder: Path, values: dict[str, Any]) -> None:
    """Write shows.yaml, the folder of its shows and .gitignore."""
    network_file = folder / NETWORK_FILE
    if network_file.exists():
        raise OperationError(f"{os.path.relpath(network_file)} already exists", "edit it, or use another folder")
    if (folder / SHOW_FILE).exists():
        fix = f"create the network in an empty folder, and move the show to {DEFAULT_PATTERN.removesuffix('*')}NAME"
        raise OperationError(f"{folder} is the folder of a show", fix)
    if networks.find_network_folder(folder.parent):
        raise OperationError("networks cannot contain networks", f"use a folder outside of the one of {NETWORK_FILE}")
    require_options({f"--{name}": values[name] for name in ("title", "url", "author", "email")})
    title = ask_option("--title", "Name of the network", values["title"], None, converters.to_line)
    url = ask_option("--url", "Public URL of the network", values["url"], None, converters.to_base_url)
    url = url.rstrip("/") + "/"
    to = ask_option("--to", "Publish to, such as s3://bucket or a folder", values["to"], "public", converters.to_line)
    text = NewNetwork(
        title=title,
        description=values["description"] or f"The podcasts of {title}.",
        author=ask_option("--author", "Who makes the shows?", values["author"], None, converters.to_line),
        email=ask_option("--email", "Owner's email", values["email"], None, converters.to_email),
        language=ask_option("--language", "Language, such as en or de-AT", values["language"], "en"),
        timezone=values["timezone"] or "UTC",
        category=values["category"] or "Society & Culture",
        explicit=bool(values["explicit"]),
        url=url,
        to=to,
        guid=show_guid(public_url(url, "feed.xml")),
        store_settings={name: values[name] or "" for name in ("endpoint", "account", "region")},
    ).render()
    atomic_write.write_atomic(network_file, text.encode())
    (folder / DEFAULT_PATTERN.removesuffix("/*")).mkdir(exist_ok=True)
    lines = [*IGNORED_IN_NETWORK, *(["public/"] if to.strip("./") == "public" else [])]
    existing = read_own_lines(folder, ".gitignore")
    missing = [line for line in lines if line not in existing]
    if missing:
        atomic_write.write_atomic(
            folder / ".gitignore", "".join(f"{line}\n" for line in [*existing, *missing]).encode()
        )
    console.result(os.path.relpath(network_file))
    console.document("init", folder=str(folder), file=str(network_file), added=[])
    step = f"podcast-kit init {DEFAULT_PATTERN.removesuffix('*')}NAME --title TITLE"
    place = os.path.relpath(folder)
    console.info(f"Next: {'' if place == os.curdir else f'in {place}, '}run `{step}`")


def find_parent_network(folder: Path) -> networks.ShowNetwork | None:
    """The network that a new show in a folder inherits from; None where it must say everything itself."""
    root = networks.find_network_folder(folder.parent)
    if root is None:
        return None
    network = networks.load_network(root)
    has_url = "url" in _entries_of(network, "publish")
    return network if has_url and all(key in network.defaults for key in INHERITED_KEYS) else None


def _entries_of(network: networks.ShowNetwork, key: str) -> dict[str, Any]:
    content = network.defaults[key].content if key in network.defaults else ""
    return content if isinstance(content, dict) else {}


def create_network_show(console: Console, network: networks.ShowNetwork, folder: Path, values: dict[str, Any]) -> None:
    """Write the podcast.yaml of a show that inherits the rest, and its episodes/."""
    require_options({"--title": values["title"]})
    title = ask_option("--title", "Name of the show", values["title"], None, converters.to_line)
    question = "What is it about?"
    about = ask_option("--description", question, values["description"], f"{title}, a podcast.", converters.to_text)
    more = [(key, yaml_scalar(values[key])) for key in ("author", "language", "timezone") if values[key]]
    more += [("owner", f"{{email: {yaml_scalar(values['email'])}}}")] if values["email"] else []
    more += [("categories", f"[{yaml_scalar(values['category'])}]")] if values["category"] else []
    more += [("explicit", "true" if values["explicit"] else "false")] if values["explicit"] is not None else []
    target = {key: values[key] for key in ("url", "to", "endpoint", "account", "region") if values[key]}
    if target:
        more.append(("publish", f"{{{', '.join(f'{key}: {yaml_scalar(value)}' for key, value in target.items())}}}"))
    pattern = str(_entries_of(network, "publish")["url"].content)
    url = values["url"] or pattern.replace(networks.NAME_PLACEHOLDER, folder.name)
    guid = show_guid(public_url(url.rstrip("/") + "/", "feed.xml"))
    show_file = folder / SHOW_FILE
    text = render_member_file(title, about, guid, values["artwork"] or "cover.jpg", more)
    atomic_write.write_atomic(show_file, text.encode())
    (folder / "episodes").mkdir(exist_ok=True)
    console.result(os.path.relpath(show_file))
    console.document("init", folder=str(folder), file=str(show_file), added=[])
    if networks.load_network(network.folder).find_member(folder) is None:
        path = os.path.relpath(folder, network.folder)
        console.info(f"{NETWORK_FILE} does not list it yet: add a line `- {path}` below `shows:`")
    console.info(f"Next: add a cover, then run `podcast-kit new RECORDING --show {shlex.quote(folder.name)}`")
