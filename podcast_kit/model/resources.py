"""Where a recording or a picture is: a file in the show's folder, or a URL."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file in the show's folder."""

    path: str
    """Relative to the show's folder, with forward slashes."""

    def resolve_in(self, folder: Path) -> Path:
        """The file's path on disk; `folder` is the show's folder."""
        return folder / self.path

    def __str__(self) -> str:
        return self.path


@dataclass(frozen=True, slots=True)
class RemoteUrl:
    """A file on a web server."""

    url: str
    """Absolute; http or https."""

    def __str__(self) -> str:
        return self.url


Resource: TypeAlias = LocalFile | RemoteUrl
