"""The import law: imports point down, packages of one layer are strangers, each library has one home."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "podcast_kit"

LAYERS = (
    {"problem_codes", "writer_versions", "limits", "late_imports"},
    {"errors"},
    {"text"},
    {"model"},
    {"namespaces", "io"},
    {"source", "audio", "images", "feed", "site", "check.rules", "stores"},
    {"builder", "plan"},
    {"check", "announce", "stats", "importer", "exporter", "preview"},
    {"publish"},
    {"cli"},
    {"__main__"},
)
RULE_MODULES = {"registry", "context", "runner", "html_scan", "references", "rules"}
"""The part of `check` that knows rules but not builds; it is a layer of its own, named `check.rules`."""
LIBRARY_HOMES = {
    "click": {"cli"},
    "yaml": {"source"},
    "markdown_it": {"source"},
    "nh3": {"source"},
    "bs4": {"source"},
    "mutagen": {"audio"},
    "av": {"audio"},
    "numpy": {"audio"},
    "lameenc": {"audio"},
    "feedgen": {"feed"},
    "lxml": {"feed"},
    "jinja2": {"site"},
    "segno": {"site"},
    "rjsmin": {"site"},
    "rcssmin": {"site"},
    "boto3": {"stores"},
    "botocore": {"stores"},
    "urllib3": {"stores"},
    "paramiko": {"stores"},
    "PIL": {"images"},
    "distributed": {"builder"},
    "duckdb": {"stats"},
    "re2": {"stats"},
    "sqlglot": {"stats"},
    "clickhouse_connect": {"stats"},
    "pyspark": {"stats"},
    "py4j": {"stats"},
    "isal": {"stats"},
    "maxminddb": {"stats"},
    "zstandard": {"stats"},
}
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
MODULES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
    if path != PACKAGE / "__init__.py"
}
TREES = {module: ast.parse(path.read_text("utf-8")) for module, path in MODULES.items()}


def layer_name(module):
    """The name under which a module stands in LAYERS."""
    package, _, rest = module.partition(".")
    return "check.rules" if package == "check" and rest.partition(".")[0] in RULE_MODULES else package


def imported_names(module):
    """Every dotted name that a module imports, inside of functions too."""
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imported_modules(module):
    """The modules of podcast_kit that a module imports."""
    for name in imported_names(module):
        if name.startswith("podcast_kit."):
            target = name.removeprefix("podcast_kit.")
            while target and target not in MODULES:
                target = target.rpartition(".")[0]
            if target and target != module:
                yield target


def test_every_module_belongs_to_a_layer():
    assert [module for module in MODULES if layer_name(module) not in LEVEL] == []


def test_imports_point_down_the_layers():
    offenders = {
        f"{module} imports {target}"
        for module in MODULES
        for target in imported_modules(module)
        if layer_name(target) != layer_name(module) and LEVEL[layer_name(target)] >= LEVEL[layer_name(module)]
    }
    assert offenders == set()


def test_each_library_has_one_home():
    offenders = {
        f"{module} imports {library}"
        for module in MODULES
        for library in {name.partition(".")[0] for name in imported_names(module)} & LIBRARY_HOMES.keys()
        if module.partition(".")[0] not in LIBRARY_HOMES[library]
    }
    assert offenders == set()


def test_every_permission_is_used():
    layers_used = {layer_name(module) for module in MODULES}
    libraries_used = {
        (name.partition(".")[0], module.partition(".")[0]) for module in MODULES for name in imported_names(module)
    }
    assert set(LEVEL) - layers_used == set()
    assert {
        f"{library} in {home}"
        for library, homes in LIBRARY_HOMES.items()
        for home in homes
        if (library, home) not in libraries_used
    } == set()


def test_core_never_prints_and_never_asks_the_time():
    offenders = set()
    for module, tree in TREES.items():
        if module.partition(".")[0] == "cli":
            continue
        for node in ast.walk(tree):
            match node:
                case ast.Call(func=ast.Name(id="print")):
                    offenders.add(f"{module} prints at line {node.lineno}")
                case ast.Call(func=ast.Attribute(attr="now" | "utcnow" | "today")):
                    offenders.add(f"{module} asks the time at line {node.lineno}")
    assert offenders == set()


def test_audio_modules_do_not_import_each_other_in_a_circle():
    audio = {module: set(imported_modules(module)) for module in MODULES if module.startswith("audio.")}
    order = list(TopologicalSorter({name: targets & audio.keys() for name, targets in audio.items()}).static_order())
    pipeline = [f"audio.mastering.{name}" for name in ("job", "mix", "pipeline")]
    assert sorted([*pipeline, "audio.master"], key=order.index) == [*pipeline, "audio.master"]


def test_audio_formats_do_not_know_mastering():
    formats = ("audio.aac", "audio.mp3", "audio.mp4", "audio.ogg", "audio.flac", "audio.riff")
    offenders = {
        f"{module} imports {target}"
        for module in MODULES
        if module.startswith(formats)
        for target in imported_modules(module)
        if target.startswith("audio.mastering")
    }
    assert offenders == set()


def test_links_that_lead_to_themselves_end_no_command():
    """`Path.resolve` raises RuntimeError for them before Python 3.13: `real_path` does not."""
    assert [path for path in sorted(PACKAGE.rglob("*.py")) if ".resolve(" in path.read_text("utf-8")] == []
