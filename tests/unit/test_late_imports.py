"""A package imports what it offers when that is first used."""

import subprocess
import sys

import pytest

from podcast_kit import site
from podcast_kit.site import theme

PACKAGES = ("audio", "feed", "images", "site", "source.transcripts")


@pytest.mark.parametrize("package", PACKAGES)
def test_every_name_can_be_imported_and_a_package_alone_imports_no_module(package):
    source = (
        f"import sys, podcast_kit.{package} as package\n"
        "inside = [name for name in sys.modules if name.startswith(package.__name__ + '.')]\n"
        "assert inside == [], inside\n"
        "assert all(getattr(package, name) is not None for name in package.__all__)\n"
    )
    subprocess.run([sys.executable, "-c", source], check=True)


def test_a_name_is_that_of_its_module_and_other_names_do_not_exist():
    assert site.resolve_theme is theme.resolve_theme
    with pytest.raises(AttributeError, match=r"podcast_kit\.site.*'nothing'"):
        _ = site.nothing
