"""The libraries that decode and encode audio: an extra, since most shows never need them."""

from __future__ import annotations

import importlib.util

from podcast_kit.errors import PodcastKitError

INSTALL_CODECS_FIX = "install the `master` extra: in a clone of podcast_kit, run pipx install --force '.[master]'"
CODEC_PACKAGES = {"av": "av", "numpy": "numpy", "lameenc": "lameenc"}
"""Each module, and the package that provides it."""


def missing_codecs() -> tuple[str, ...]:
    """The packages that mastering and measuring need and that are not installed."""
    return tuple(package for module, package in CODEC_PACKAGES.items() if not _is_installed(module))


def require_codecs() -> None:
    """Raise PodcastKitError, with how to install them, if the codecs are not installed."""
    if lacking := missing_codecs():
        raise PodcastKitError(
            f"mastering and measuring loudness need {', '.join(lacking)}, which {'is' if len(lacking) == 1 else 'are'} "
            "not installed",
            INSTALL_CODECS_FIX,
        )


def codec_versions() -> tuple[str, ...]:
    """The packages and versions that an encoded file's bytes depend on, such as `lameenc 1.9.0`."""
    require_codecs()
    from importlib.metadata import version

    return tuple(f"{package} {version(package)}" for package in CODEC_PACKAGES.values())


def _is_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ValueError:  # sys.modules has None for it
        return False
