"""The law of names: verb phrases, one meaning for each name, and the field's usual words where things are done."""

import ast
from collections import defaultdict
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "podcast_kit"
TREES = {path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_text("utf-8")) for path in PACKAGE.rglob("*.py")}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

MAX_SHARED_FUNCTIONS = 0.05
MAX_ONE_WORD_FUNCTIONS = 0.35
MAX_SHARED_METHODS = 0.512
MAX_ONE_WORD_METHODS = 0.935
"""Of methods and nested functions: what it was before this law; it may only fall."""
MAX_VAGUE_BINDINGS = 0.005
VAGUE_NAMES = {
    *("found", "said", "one", "known", "made", "wanted", "here", "there", "rest", "given", "told", "each"),
}
NOT_A_FUNCTION_NAME = VAGUE_NAMES | {
    *("finished", "dressed", "untold", "written", "tagged", "renewed", "restored", "unchanged", "shifted", "moved"),
    *("addressed", "remembered", "inside", "of", "also", "around", "hushed", "border", "taken_apart", "ours", "others"),
}
NOT_A_CONSTANT_NAME = {
    *("MOST", "LEAST", "FEWEST", "LONGEST", "HARDLY", "SAME", "LOOK", "LOOKS", "DIGITS", "PATIENCE", "WAITS", "ROOMS"),
    *("TURN", "TURNS", "SPARE", "APART", "BOOK", "DONE", "OK"),
}
SHARED_ON_PURPOSE: dict[str, str] = {}
"""Public names that more than one module defines, each with the one meaning that it has in all of them."""
FIELD_WORDS = (
    *("retry", "backoff", "cache", "sanitize", "redirect", "pagination", "favicon", "placeholder", "conditional"),
    *("multipart", "state", "thumbnail", "timecode"),
)
MAX_FILES_OF_A_WORD = 5


def top_level_functions():
    """(name without leading underscores, file) of every function that a module defines."""
    return [
        (node.name.lstrip("_"), path)
        for path, tree in TREES.items()
        for node in tree.body
        if isinstance(node, FUNCTIONS) and not node.name.startswith("__")
    ]


def methods_and_nested_functions():
    """The same of every other function, but those that Python names."""
    return [
        (node.name.lstrip("_"), path)
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, FUNCTIONS) and node not in tree.body and not node.name.startswith("__")
    ]


def bindings():
    """(name, place) of every variable and parameter."""
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id, f"{path}:{node.lineno}"
            elif isinstance(node, ast.arg):
                yield node.arg, f"{path}:{node.lineno}"


def share_of_shared(functions):
    """The share of definitions whose name is defined in another file, too; and these names."""
    files = defaultdict(set)
    for name, path in functions:
        files[name].add(path)
    shared = {name: sorted(paths) for name, paths in files.items() if len(paths) > 1}
    return sum(name in shared for name, _ in functions) / len(functions), shared


def share_of_one_word(functions):
    """The share of definitions whose name is a single word."""
    return sum("_" not in name for name, _ in functions) / len(functions)


def test_functions_have_names_of_their_own():
    functions = top_level_functions()
    shared, names = share_of_shared(functions)
    one_word = share_of_one_word(functions)
    print(f"{len(functions)} functions: {shared:.1%} share their name with another module, {one_word:.1%} are one word")
    assert shared <= MAX_SHARED_FUNCTIONS, names
    assert one_word <= MAX_ONE_WORD_FUNCTIONS


def test_names_of_methods_do_not_get_worse():
    methods = methods_and_nested_functions()
    shared, names = share_of_shared(methods)
    one_word = share_of_one_word(methods)
    print(f"{len(methods)} methods: {shared:.1%} share their name with another module, {one_word:.1%} are one word")
    assert shared <= MAX_SHARED_METHODS, names
    assert one_word <= MAX_ONE_WORD_METHODS


def test_variables_say_what_they_hold():
    every = list(bindings())
    vague = [f"{place} {name}" for name, place in every if name in VAGUE_NAMES]
    print(f"{len(vague)} of {len(every)} bindings are vague: {len(vague) / len(every):.2%}")
    assert len(vague) <= MAX_VAGUE_BINDINGS * len(every), vague


def test_functions_are_not_named_by_a_participle_an_adverb_or_a_pronoun():
    every = [*top_level_functions(), *methods_and_nested_functions()]
    assert [f"{path} {name}" for name, path in every if name in NOT_A_FUNCTION_NAME] == []


def test_constants_are_named_by_a_noun_and_a_unit():
    offenders = [place for name, place in bindings() if name.lstrip("_") in NOT_A_CONSTANT_NAME]
    assert offenders == []


def test_no_two_modules_define_the_same_public_name():
    files = defaultdict(set)
    for path, tree in TREES.items():
        for node in tree.body:
            names = [node.name] if isinstance(node, (*FUNCTIONS, ast.ClassDef)) else []
            names += [target.id for target in getattr(node, "targets", ()) if isinstance(target, ast.Name)]
            for name in names:
                if not name.startswith("_"):
                    files[name].add(path)
    shared = {name: sorted(paths) for name, paths in files.items() if len(paths) > 1}
    assert {name: paths for name, paths in shared.items() if name not in SHARED_ON_PURPOSE} == {}
    assert SHARED_ON_PURPOSE.keys() - shared.keys() == set()


def test_no_function_bears_the_name_of_a_module_beside_it():
    offenders = []
    for path, tree in TREES.items():
        folder = (PACKAGE / path).parent
        modules = {module.stem for module in folder.iterdir() if module.suffix == ".py" or module.is_dir()}
        if path.endswith("__init__.py"):
            exported = {
                alias.asname or alias.name
                for node in tree.body
                if isinstance(node, ast.ImportFrom)
                for alias in node.names
                if f"{node.module}.{alias.name}".count(".") > 1 and not (folder / f"{alias.name}.py").exists()
            }
            exported |= {node.name for node in tree.body if isinstance(node, FUNCTIONS)}
            offenders += [f"{path} {name}" for name in exported & modules]
    assert offenders == []


def test_the_usual_words_lead_to_where_things_are_done():
    where = {word: set() for word in FIELD_WORDS}
    for path, tree in TREES.items():
        names = [path, *(node.name for node in ast.walk(tree) if isinstance(node, (*FUNCTIONS, ast.ClassDef)))]
        for word in FIELD_WORDS:
            if any(word in name.lower() for name in names):
                where[word].add(path)
    assert {word: paths for word, paths in where.items() if not 1 <= len(paths) <= MAX_FILES_OF_A_WORD} == {}
