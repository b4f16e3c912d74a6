"""The libraries that decode and encode: an extra, because most shows never need them."""

from __future__ import annotations

import importlib.util

from podcast_kit.errors import PodcastKitError

INSTALL = "install the `master` extra: in a clone of podcast_kit, run pipx install --force '.[master]'"
NEEDED = {"av": "av", "numpy": "numpy", "lameenc": "lameenc"}
"""Module to the package that brings it."""


def missing() -> tuple[str, ...]:
    """The packages that mastering and measuring want and this installation lacks."""
    return tuple(package for module, package in NEEDED.items() if not _there(module))


def require() -> None:
    """Return when audio can be decoded and encoded here; else PodcastKitError saying what to install."""
    if lacking := missing():
        raise PodcastKitError(
            f"mastering and measuring loudness need {', '.join(lacking)}, which {'is' if len(lacking) == 1 else 'are'} "
            "not installed",
            INSTALL,
        )


def versions() -> tuple[str, ...]:
    """What the bytes of an encoded file depend on, such as `lameenc 1.9.0`."""
    require()
    from importlib.metadata import version

    return tuple(f"{package} {version(package)}" for package in NEEDED.values())


def _there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ValueError:  # the import system was told that it is not to be had
        return False
