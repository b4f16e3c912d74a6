"""The podcaster's own files, published byte for byte under their own paths."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import PurePosixPath

from podcast_kit import site
from podcast_kit.builder.host_files import host_rule_keys
from podcast_kit.builder.output_dir import OutputDir
from podcast_kit.errors import InvalidInput, Problem, SourceLocation
from podcast_kit.io.mime import guess_static_type
from podcast_kit.model import STATIC_DIR, Project, Wave
from podcast_kit.source.static_files import fold_path


def write_static_files(project: Project, built_keys: Collection[str], out: OutputDir) -> None:
    """Copy what is in `static/`. Raises InvalidInput with every file that has the path of one that the build makes."""
    if problems := list(_find_taken_paths(project, built_keys)):
        raise InvalidInput(problems)
    root = project.folder / STATIC_DIR
    joined_keys = host_rule_keys(project.show.publish.host)
    for key in project.static_files:
        if key in joined_keys:
            continue
        out.stage_file(root, key, key, Wave.PAGES, guess_static_type(key))


def _find_taken_paths(project: Project, built_keys: Collection[str]) -> list[Problem]:
    """Files whose path is one of the build, or a folder of the build, also where file systems ignore case."""
    if not project.static_files:
        return []
    files = {fold_path(key): key for key in built_keys}
    folders = {str(folder) for key in files for folder in PurePosixPath(key).parents}
    templates = site.list_templates(project.folder)
    problems: list[Problem] = []
    for key in project.static_files:
        folded = fold_path(key)
        parents = map(str, PurePosixPath(folded).parents)
        taken = files.get(folded) or next((files[parent] for parent in parents if parent in files), "")
        if not taken and folded not in folders:
            continue
        what = f"makes {taken} itself" if taken else f"has a folder {key}/"
        has_template = taken in templates
        fix = f"move it to templates/{taken}, which replaces the default" if has_template else "give it another name"
        text = f"podcast-kit {what}"
        problems.append(Problem(SourceLocation(f"{STATIC_DIR}/{key}"), text, fix, "static.taken"))
    return problems
