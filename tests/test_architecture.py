"""The import law, held to: imports point down, and each foreign library has one home."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "podcast_kit"

LAYERS = [
    {"errors"},
    {"model", "files"},
    {"namespaces", "categories", "mime"},
    {"source", "audio", "feed", "site", "checks", "stores", "pictures", "web"},
    {"making"},
    {"build", "plan", "publish", "verify", "check", "serve", "importer"},
    {"cli"},
    {"__main__"},
]
# Rooms of the work layer that may be called by their neighbours: each of these only by those listed.
WITHIN = {"plan": {"publish"}, "verify": {"publish", "check"}, "build": {"check", "serve"}}
HOMES = {
    "click": {"cli"},
    "yaml": {"source"},
    "markdown_it": {"source"},
    "nh3": {"source"},
    "markdownify": {"source"},
    "bs4": {"source"},
    "mutagen": {"audio"},
    "av": {"audio"},
    "numpy": {"audio"},
    "lameenc": {"audio"},
    "feedgen": {"feed"},
    "lxml": {"feed"},
    "jinja2": {"site"},
    "segno": {"site"},
    "boto3": {"stores"},
    "botocore": {"stores"},
    "PIL": {"pictures"},
}
LEVEL = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def room(path):
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imports(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "podcast_kit":
            yield from (f"podcast_kit.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def name(path):
    return path.relative_to(PACKAGE).as_posix()


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_every_module_has_a_layer(path):
    assert room(path) in LEVEL


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_imports_point_down(path):
    here = room(path)
    own = {found.split(".")[1] for found in imports(path) if found.startswith("podcast_kit.")} - {here, "__version__"}
    allowed = {other for other in own if LEVEL[other] < LEVEL[here] or here in WITHIN.get(other, ())}
    assert own - allowed == set()


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_each_library_has_one_home(path):
    foreign = {found.split(".")[0] for found in imports(path)} & HOMES.keys()
    assert {library for library in foreign if room(path) not in HOMES[library]} == set()


@pytest.mark.parametrize("path", [path for path in MODULES if room(path) != "cli"], ids=name)
def test_core_never_prints_and_never_asks_the_time(path):
    tree = ast.parse(path.read_text("utf-8"))
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    printed = [call.id for call in calls if isinstance(call, ast.Name) and call.id == "print"]
    asked = [call.attr for call in calls if isinstance(call, ast.Attribute) and call.attr in {"now", "utcnow", "today"}]
    assert printed + asked == []


def dotted(path):
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts)


def neighbours(path):
    """The rooms of audio that a room looks into, inside of functions too."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("podcast_kit.audio"):
            module = (node.module or "").removeprefix("podcast_kit.")
            rooms = [f"{module}.{alias.name}" for alias in node.names]
            yield from {room if room in AUDIO else module for room in rooms} & AUDIO.keys()


AUDIO = {dotted(path): path for path in MODULES if room(path) == "audio" and path.stem != "__init__"}


def test_no_rooms_of_audio_look_at_each_other_in_a_circle():
    order = list(TopologicalSorter({name: set(neighbours(path)) for name, path in AUDIO.items()}).static_order())
    mastering = [f"audio.mastering.{name}" for name in ("job", "mix", "chain")]
    assert sorted([*mastering, "audio.master"], key=order.index) == [*mastering, "audio.master"]


def test_formats_know_nothing_of_mastering():
    looked = {name: set(neighbours(path)) for name, path in AUDIO.items() if name.startswith("audio.formats.")}
    assert {other for rooms in looked.values() for other in rooms if other.startswith("audio.mastering.")} == set()
