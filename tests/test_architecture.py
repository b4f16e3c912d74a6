"""The import law, held to: imports point down, and each foreign library has one home."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "podcast_kit"

LAYERS = [
    {"errors"},
    {"model"},
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


def neighbours(path):
    """The rooms of the same folder that a room looks into, inside of functions too."""
    here = ".".join(("podcast_kit", *path.relative_to(PACKAGE).parent.parts))
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == here:
            yield from (alias.name for alias in node.names if (path.parent / f"{alias.name}.py").exists())
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{here}."):
            yield (node.module or "").removeprefix(f"{here}.").split(".")[0]


def test_no_rooms_of_audio_look_at_each_other_in_a_circle():
    rooms = [path for path in MODULES if room(path) == "audio" and path.stem != "__init__"]
    order = list(TopologicalSorter({path.stem: set(neighbours(path)) for path in rooms}).static_order())
    assert order.index("job") < order.index("mix") < order.index("chain") < order.index("master")
