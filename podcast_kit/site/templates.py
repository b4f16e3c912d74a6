"""Templates: the ones that came with us, each overridden by the show's own of the same name."""

from __future__ import annotations

import difflib
import hashlib
import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from podcast_kit import __version__
from podcast_kit.errors import InvalidInput, SourceLocation, Problem
from podcast_kit.io import atomic_write

if TYPE_CHECKING:
    from jinja2 import Environment

PACKAGED = Path(__file__).parents[1] / "templates"  # inside an installed wheel
CHECKOUT = Path(__file__).parents[2] / "templates"  # in a checkout or an editable install
DATA = Path(__file__).with_name("listen_services.toml")


def default_templates() -> Path:
    """The folder of the templates that came with us.

    The packaged one is asked for first: beside an installed wheel the other would be anybody's folder.
    """
    return PACKAGED if PACKAGED.is_dir() else CHECKOUT


def list_templates(folder: Path) -> dict[str, bool]:
    """Every template by name, and whether the show has its own of it."""
    ours = {path.relative_to(default_templates()).as_posix(): False for path in _walk(default_templates())}
    own = folder / "templates"
    return dict(sorted((ours | {path.relative_to(own).as_posix(): True for path in _walk(own)}).items()))


def templates_digest(folder: Path) -> str:
    """Hex digest of all that pages are made with: templates, directories of apps, and the version of the kit.

    Raises InvalidInput for what lies among the show's templates and is none: a pipe, or a link that leads elsewhere.
    """
    ours, own = default_templates(), folder / "templates"
    return _digest(((str(ours), _stamps(ours)), (str(own), _stamps(own, within=own))))


@lru_cache(maxsize=8)
def _digest(roots: tuple[tuple[str, tuple[tuple[str, int, int], ...]], ...]) -> str:
    """Read again only when a file's time or size changed: this is asked for once an episode."""
    digest = hashlib.sha256(__version__.encode())
    digest.update(DATA.read_bytes())
    for root, stamps in roots:
        for name, _, _ in stamps:
            data = Path(root, name).read_bytes()
            digest.update(f"\0{name}\0{len(data)}\0".encode())
            digest.update(data)
    return digest.hexdigest()


def _stamps(root: Path, below: str = "", *, within: Path | None = None) -> tuple[tuple[str, int, int], ...]:
    """Name, time and size of each template below a folder, by name; `within` is what no link may lead out of."""
    found: list[tuple[str, int, int]] = []
    try:
        with os.scandir(root) as entries:
            for entry in entries:
                name = f"{below}{entry.name}"
                if entry.is_dir(follow_symlinks=within is None):
                    found += _stamps(Path(entry.path), f"{name}/", within=within)
                elif _is_template(entry.name):
                    if within and not _inside(entry, within):
                        raise _no_template(name)
                    facts = entry.stat()
                    found.append((name, facts.st_mtime_ns, facts.st_size))
    except (FileNotFoundError, NotADirectoryError):
        return ()
    return tuple(sorted(found))


def _inside(entry: os.DirEntry[str], folder: Path) -> bool:
    """Whether it is a file, there or where its link leads, inside the folder."""
    return entry.is_file() and (not entry.is_symlink() or Path(entry.path).resolve().is_relative_to(folder.resolve()))


def _no_template(name: str) -> InvalidInput:
    text = "is no file, or a link that leads out of templates/"
    return InvalidInput([Problem(SourceLocation(f"templates/{name}"), text, "put the file itself there", "path.outside")])


def _is_template(name: str) -> bool:
    """What editors and systems leave in a folder is none."""
    return not name.startswith(".") and not name.endswith((".new", "~"))


class Templates:
    """The templates of one show, compiled once."""

    def __init__(self, folder: Path, digest: str) -> None:
        self.folder = folder
        self.digest = digest
        self.environment = _environment(folder)
        self._own = {name for name, own in list_templates(folder).items() if own}

    def has_own(self, name: str) -> bool:
        """Whether the show brought its own template of this name."""
        return name in self._own

    def render(self, name: str, values: Mapping[str, Any]) -> str:
        """What a template makes of values; a fault of the show's own template is InvalidInput with its line."""
        try:
            return self.environment.get_template(name).render(values)
        except InvalidInput:
            raise
        except Exception as error:
            problem = self._problem(error, name)
            if problem is None:
                raise
            raise InvalidInput([problem]) from error

    def _problem(self, error: Exception, name: str) -> Problem | None:
        """The fault as the podcaster sees it; None where none of their templates had a part in it."""
        from jinja2 import TemplateNotFound, TemplateSyntaxError

        own = (self.folder / "templates").resolve()
        if isinstance(error, TemplateSyntaxError):
            path = Path(error.filename or error.name or name)
            return Problem(self._place(path, error.lineno), error.message or "not a template", "", "template.syntax")
        frames = []
        trace = error.__traceback__
        while trace is not None:
            frames.append((Path(trace.tb_frame.f_code.co_filename), trace.tb_lineno))
            trace = trace.tb_next
        theirs = [(path, line) for path, line in frames if path.is_absolute() and path.resolve().is_relative_to(own)]
        if isinstance(error, TemplateNotFound):
            path, line = theirs[-1] if theirs else (own / name, 0)
            text = f"there is no template {error.message or error.name!r}"
            return Problem(self._place(path, line), text, "names are relative to templates/", "template.missing")
        if not theirs:
            return None
        path, line = theirs[-1]
        return Problem(self._place(path, line), str(error) or type(error).__name__, "", "template.render")

    def _place(self, path: Path, line: int) -> SourceLocation:
        here = self.folder.resolve()
        full = path.resolve()
        return SourceLocation(full.relative_to(here).as_posix() if full.is_relative_to(here) else path.as_posix(), line)


def eject_template(folder: Path, name: str) -> Path:
    """Copy a default template into the show's own `templates/`, to start from; never over what is there.

    Returns the copy's path; raises InvalidInput where there is no such template, or the show has its own.
    """
    known = {path.relative_to(default_templates()).as_posix(): path for path in _walk(default_templates())}
    target = folder / "templates" / name
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(sorted(known))}"
        raise InvalidInput([Problem(SourceLocation(name), "there is no template of this name", hint, "template.missing")])
    if target.exists():
        place = SourceLocation(target.relative_to(folder).as_posix())
        raise InvalidInput([Problem(place, "is there already", "remove it to begin anew", "template.exists")])
    atomic_write.write(target, known[name].read_bytes())
    return target


def _walk(root: Path) -> list[Path]:
    return [root / name for name, _, _ in _stamps(root)]


def load_templates(folder: Path, digest: str = "") -> Templates:
    """The templates of the show in a folder; compiled again only when one of them changed.

    `digest` is theirs, for who knows it already.
    """
    return _templates(folder, digest or templates_digest(folder))


@lru_cache(maxsize=8)
def _templates(folder: Path, digest: str) -> Templates:
    return Templates(folder, digest)


def _environment(folder: Path) -> Environment:
    from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined

    default = FileSystemLoader(default_templates())
    environment = Environment(
        loader=ChoiceLoader([FileSystemLoader(folder / "templates"), default, PrefixLoader({"default": default})]),
        # Everything is escaped but what has no markup: plain text, style sheets and scripts.
        autoescape=lambda name: not (name or "").endswith((".txt", ".css", ".js")),  # noqa: S701
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
        auto_reload=False,
        cache_size=-1,
    )
    environment.tests["web"] = is_web_url
    return environment


def is_web_url(address: object) -> bool:
    """Whether following an address opens a page, and runs nothing: `{% if person.url is web %}`."""
    return isinstance(address, str) and address.lower().startswith(("https://", "http://"))
