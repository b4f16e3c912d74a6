"""Jinja templates: the default ones, each replaced by the show's own template of the same name."""

from __future__ import annotations

import difflib
import hashlib
import os
from collections.abc import Callable, Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from podcast_kit import __version__
from podcast_kit.errors import InvalidInput, Problem, SourceLocation
from podcast_kit.io.atomic_write import write_inside
from podcast_kit.io.inside import OutsideFolderError, is_inside, read_inside, real_path
from podcast_kit.limits import MAX_TEMPLATE_BYTES
from podcast_kit.site.listen_links import SERVICES_FILE

if TYPE_CHECKING:
    from jinja2 import nodes

    from podcast_kit.site.sandbox import SandboxedTemplates
    from podcast_kit.site.trusted_templates import TrustedTemplates

PACKAGED_TEMPLATES = Path(__file__).parents[1] / "templates"  # inside an installed wheel
CHECKOUT_TEMPLATES = Path(__file__).parents[2] / "templates"  # in a checkout or an editable install

EPISODE_TEMPLATES = ("episode.html", "embed.html", "clip.html", "transcript.html", "prompts/page.html")
"""What the pages of an episode are rendered with."""

_FileStats = tuple[tuple[str, int, int], ...]
"""Name, mtime in ns and size of files, sorted."""


def default_templates() -> Path:
    """The folder of the default templates.

    The packaged one is preferred, because next to an installed wheel the other could be any folder.
    """
    return PACKAGED_TEMPLATES if PACKAGED_TEMPLATES.is_dir() else CHECKOUT_TEMPLATES


def list_templates(folder: Path, shared: Path | None = None) -> dict[str, bool]:
    """Every template by name, and whether the show has its own, or its network in the folder `shared` does."""
    names = dict.fromkeys(_template_names(default_templates()), False)
    for own in _own_folders(folder, shared):
        names |= dict.fromkeys(_template_names(own), True)
    return dict(sorted(names.items()))


def list_own_templates(folder: Path, shared: Path | None = None) -> dict[str, Path]:
    """The templates of the show and of its network by name, with the `templates/` folder that each is in."""
    return {name: own for own in reversed(_own_folders(folder, shared)) for name in _template_names(own)}


def _own_folders(folder: Path, shared: Path | None) -> tuple[Path, ...]:
    """The `templates/` folders of the show and then of its network."""
    return tuple(root / "templates" for root in (folder, shared) if root)


def templates_digest(folder: Path, shared: Path | None = None) -> str:
    """Hex digest of everything that pages are rendered with: templates, listen services, and the tool's version.

    Raises InvalidInput if a template of the show is not a file, or a link to a file outside of `templates/`.
    """
    defaults = default_templates()
    rows = [(str(defaults), _template_stats(defaults))]
    for own in _own_folders(folder, shared):
        if not is_inside(own.parent, own):
            raise _outside_error()
        rows.append((str(own), _template_stats(own, within=own)))
    return _digest_files(tuple(rows))


@lru_cache(maxsize=8)
def _digest_files(roots: tuple[tuple[str, _FileStats], ...]) -> str:
    """Cached by mtime and size, because it is called for each episode."""
    digest = hashlib.sha256(__version__.encode())
    digest.update(SERVICES_FILE.read_bytes())
    for root, stats in roots:
        for name, _, _ in stats:
            data = _read_template(Path(root), name)
            digest.update(f"\0{name}\0{len(data)}\0".encode())
            digest.update(data)
    return digest.hexdigest()


def _template_stats(root: Path, below: str = "", *, within: Path | None = None) -> _FileStats:
    """Stats of all templates below a folder; links must not lead out of `within`."""
    stats: list[tuple[str, int, int]] = []
    try:
        with os.scandir(root) as entries:
            for entry in entries:
                name = f"{below}{entry.name}"
                if entry.is_dir(follow_symlinks=within is None):
                    stats += _template_stats(Path(entry.path), f"{name}/", within=within)
                elif _is_template_name(entry.name):
                    if within and not _is_file_inside(entry, within):
                        raise _outside_error(name)
                    stat = entry.stat()
                    stats.append((name, stat.st_mtime_ns, stat.st_size))
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except OSError as error:
        text = f"cannot be read: {error.strerror}"
        location = SourceLocation(f"templates/{below}".rstrip("/"))
        raise InvalidInput([Problem(location, text, "check its permissions", "file.read")]) from error
    return tuple(sorted(stats))


def _read_template(root: Path, name: str) -> bytes:
    """A template's bytes; raises InvalidInput if it is too large, or no longer a file inside of its folder."""
    location = SourceLocation(f"templates/{name}")
    try:
        data = read_inside(root, name, MAX_TEMPLATE_BYTES)
    except OutsideFolderError:
        raise _outside_error(name) from None
    except OSError as error:
        text = f"cannot be read: {error.strerror}"
        raise InvalidInput([Problem(location, text, "check its permissions", "file.read")]) from error
    if len(data) > MAX_TEMPLATE_BYTES:
        text = f"is larger than {MAX_TEMPLATE_BYTES:,} bytes"
        raise InvalidInput([Problem(location, text, "is it the right file?", "file.long")])
    return data


def _is_file_inside(entry: os.DirEntry[str], folder: Path) -> bool:
    """Whether it is a file, or a link to a file, inside the folder."""
    return entry.is_file() and (not entry.is_symlink() or real_path(Path(entry.path)).is_relative_to(real_path(folder)))


def _outside_error(name: str = "") -> InvalidInput:
    """A template, or all of `templates/`, leads out of the show."""
    text = "is not a file inside templates/" if name else "leads out of the show's folder"
    fix = f"replace the link by the {'file' if name else 'folder'}"
    return InvalidInput([Problem(SourceLocation(f"templates/{name}".rstrip("/")), text, fix, "path.outside")])


def _is_template_name(name: str) -> bool:
    """False for hidden files and temporary files of editors."""
    return not name.startswith(".") and not name.endswith((".new", "~"))


def _template_names(root: Path) -> list[str]:
    return [name for name, _, _ in _template_stats(root)]


class Templates:
    """The templates of one show, compiled once."""

    def __init__(self, folder: Path, digest: str, shared: Path | None = None) -> None:
        self.folder = folder
        self.digest = digest
        self.shared = shared
        """The folder of the show's network, whose `templates/` come before the default ones."""
        self._own = list_own_templates(folder, shared)
        self._trusted = _load_trusted_templates(_template_stats(default_templates()))

    def has_own(self, name: str) -> bool:
        """Whether the show has its own template of this name."""
        return name in self._own

    def reads_value(self, name: str, value: str) -> bool:
        """Whether a template shows a value that the default one of this name shows; the show's own may not know it.

        Its own knows it if it names it, or extends the default one and keeps its block `main`.
        """
        if name not in self._own:
            return True
        from jinja2 import TemplateSyntaxError, meta, nodes

        text = _read_template(self._own[name], name).decode("utf-8", "replace")
        try:
            tree = self._sandbox.parse(text)
        except TemplateSyntaxError:  # reported where it is rendered
            return True
        if value in meta.find_undeclared_variables(tree):
            return True
        parents = [node.template for node in tree.find_all(nodes.Extends)]
        extends_default = any(isinstance(node, nodes.Const) and node.value == f"default/{name}" for node in parents)
        return extends_default and not any(
            block.name == "main" and not _calls_super(block) for block in tree.find_all(nodes.Block)
        )

    def render(self, name: str, values: Mapping[str, Any]) -> str:
        """Render a template. An error in a template of the show is raised as InvalidInput with its line."""
        try:
            return self.environment_of(name).render_bounded(name, values)
        except InvalidInput:
            raise
        except Exception as error:
            problem = self._to_problem(error, name)
            if problem is None:
                raise
            raise InvalidInput([problem]) from error

    def environment_of(self, name: str) -> TrustedTemplates | SandboxedTemplates:
        """Trusted where neither the template nor any that it uses is the show's own."""
        if name in self._own or not self._own.keys().isdisjoint(self._trusted.names_used_by(name)):
            return self._sandbox
        return self._trusted

    @cached_property
    def _sandbox(self) -> SandboxedTemplates:
        return _make_sandbox(self._own)

    def _to_problem(self, error: Exception, name: str) -> Problem | None:
        """The error as a problem of the show's templates; None if none of them is involved."""
        from jinja2 import TemplateNotFound, TemplateSyntaxError
        from jinja2.exceptions import SecurityError

        from podcast_kit.site.sandbox import TemplateLimitExceeded

        own = real_path(self.folder / "templates")
        roots = [real_path(root) for root in _own_folders(self.folder, self.shared)]
        if isinstance(error, TemplateSyntaxError):
            path = Path(error.filename or error.name or name)
            text = error.message or "is not a valid template"
            return Problem(self._location(path, error.lineno), text, "fix the syntax", "template.syntax")
        own_frames = [
            frame for frame in _stack_frames(error) if any(real_path(frame[0]).is_relative_to(root) for root in roots)
        ]
        if isinstance(error, TemplateNotFound):
            path, line = own_frames[-1] if own_frames else (own / name, 0)
            text = f"template {error.message or error.name!r} does not exist"
            return Problem(self._location(path, line), text, "use a name relative to templates/", "template.missing")
        is_too_deep = isinstance(error, RecursionError | MemoryError | SyntaxError)
        if not own_frames and not ((is_too_deep or isinstance(error, TemplateLimitExceeded)) and self._own):
            return None
        path, line = own_frames[-1] if own_frames else (own / name if name in self._own else own, 0)
        if isinstance(error, SecurityError):
            fix = "templates may only use the values, filters and functions that the documentation lists"
            return Problem(self._location(path, line), str(error), fix, "template.unsafe")
        if isinstance(error, TemplateLimitExceeded) or is_too_deep:
            text = str(error) if isinstance(error, TemplateLimitExceeded) else "is nested too deeply, or calls itself"
            return Problem(self._location(path, line), text, "make the template do less", "template.limit")
        text = str(error) or type(error).__name__
        return Problem(self._location(path, line), text, "fix this expression", "template.render")

    def _location(self, path: Path, line: int) -> SourceLocation:
        folder = real_path(self.folder)
        full = real_path(path)
        if full.is_relative_to(folder):
            return SourceLocation(full.relative_to(folder).as_posix(), line)
        if self.shared and full.is_relative_to(real_path(self.shared)):
            return SourceLocation(os.path.relpath(full, folder).replace(os.sep, "/"), line)
        return SourceLocation(path.as_posix(), line)


def _calls_super(block: nodes.Block) -> bool:
    """Whether a block shows what it replaces."""
    from jinja2 import nodes

    return any(isinstance(call.node, nodes.Name) and call.node.name == "super" for call in block.find_all(nodes.Call))


def _stack_frames(error: Exception) -> list[tuple[Path, int]]:
    """File and line of each frame of the traceback that is in a file, the innermost last."""
    frames = []
    trace = error.__traceback__
    while trace is not None:
        frames.append((Path(trace.tb_frame.f_code.co_filename), trace.tb_lineno))
        trace = trace.tb_next
    return [(path, line) for path, line in frames if path.is_absolute()]


def eject_template(folder: Path, name: str) -> Path:
    """Copy a default template into the show's `templates/` as a starting point; returns the copy's path.

    Raises InvalidInput if there is no such template, or the show already has its own.
    """
    names = _template_names(default_templates())
    target = folder / "templates" / name
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1)
        fix = f"did you mean {near[0]!r}?" if near else f"use one of {', '.join(names)}"
        raise InvalidInput(
            [Problem(SourceLocation(name), "there is no template with this name", fix, "template.missing")]
        )
    if target.exists():
        location = SourceLocation(target.relative_to(folder).as_posix())
        raise InvalidInput([Problem(location, "already exists", "remove it to start over", "template.exists")])
    write_inside(folder, f"templates/{name}", (default_templates() / name).read_bytes())
    return target


def load_templates(folder: Path, digest: str = "", shared: Path | None = None) -> Templates:
    """Load the templates of a show; they are compiled again only after a change.

    `digest` is `templates_digest(folder, shared)`, if it is known already. `shared` is the folder of its network.
    """
    return _compile_templates(folder, digest or templates_digest(folder, shared), shared)


@lru_cache(maxsize=8)
def _compile_templates(folder: Path, digest: str, shared: Path | None) -> Templates:
    return Templates(folder, digest, shared)


def _make_sandbox(own: Mapping[str, Path]) -> SandboxedTemplates:
    """What renders the templates that are a show's own or use one of them."""
    from jinja2 import ChoiceLoader, FileSystemLoader, FunctionLoader, PrefixLoader

    from podcast_kit.site.sandbox import SandboxedTemplates

    def load_own(name: str) -> tuple[str, str, Callable[[], bool]] | None:
        """A template of the show: only those that were listed, so no name leads out of the folder."""
        if name not in own:
            return None
        text = _read_template(own[name], name).decode("utf-8")
        return text, str(own[name].absolute() / name), lambda: True

    default = FileSystemLoader(default_templates())
    environment = SandboxedTemplates(
        is_own=own.__contains__,
        loader=ChoiceLoader([FunctionLoader(load_own), default, PrefixLoader({"default": default})]),
        **_environment_settings(),
    )
    environment.tests["web"] = opens_web_page
    return environment


def compile_page_templates() -> None:
    """Compile what episodes' pages are rendered with, if the show has no templates of its own."""
    environment = _load_trusted_templates(_template_stats(default_templates()))
    for name in (name for page in EPISODE_TEMPLATES for name in environment.names_used_by(page)):
        environment.get_template(name)


@lru_cache(maxsize=2)
def _load_trusted_templates(_stats: _FileStats) -> TrustedTemplates:
    """What renders the default templates; they are compiled again only after a change."""
    from jinja2 import FileSystemLoader

    from podcast_kit.site import compiled_templates, trusted_templates

    compiler = compiled_templates.identify_compiler(__file__, trusted_templates.__file__)
    environment = trusted_templates.TrustedTemplates(
        loader=FileSystemLoader(default_templates()),
        bytecode_cache=compiled_templates.CompiledTemplates(compiler),
        **_environment_settings(),
    )
    environment.tests["web"] = opens_web_page
    return environment


def _environment_settings() -> dict[str, Any]:
    from jinja2 import StrictUndefined

    return {
        # Escape everywhere except in plain text, style sheets and scripts.
        "autoescape": lambda name: not (name or "").endswith((".txt", ".css", ".js")),
        "undefined": StrictUndefined,
        "trim_blocks": True,
        "lstrip_blocks": True,
        "keep_trailing_newline": False,
        "auto_reload": False,
        "cache_size": -1,
    }


def opens_web_page(url: object) -> bool:
    """Whether a URL opens a page and cannot run a script: `{% if person.url is web %}`."""
    return isinstance(url, str) and url.lower().startswith(("https://", "http://"))
