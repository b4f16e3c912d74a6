"""No dependency may have a version with known holes, and the lock of CI has what pyproject.toml asks for."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
LOCK = (ROOT / "requirements.lock").read_text("utf-8")
ENGINES = {"clickhouse", "cluster", "spark"}
"""Large extras that only the tests of these engines need; requirements-engines.lock has them."""
LOCKED_GROUPS = ("test", "lint", "docs", "build")
HOLES = {"linkify-it-py": "2.1.0", "pillow": "12.2.0", "lxml": "6.0.99", "urllib3": "2.6.99", "jinja2": "3.1.5"}
"""The newest version of each with a known hole."""


def required():
    yield from PROJECT["project"]["dependencies"]
    for name, extra in PROJECT["project"]["optional-dependencies"].items():
        if name not in ENGINES:
            yield from extra
    for group in LOCKED_GROUPS:
        yield from PROJECT["dependency-groups"][group]


def locked_versions():
    """Every version of a package that the lock has, for one Python or another."""
    versions = {}
    for name, version in re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", LOCK, re.MULTILINE):
        versions.setdefault(canonicalize_name(name), []).append(Version(version))
    return versions


@pytest.mark.parametrize(("name", "version"), HOLES.items())
def test_no_version_with_a_known_hole_is_allowed(name, version):
    floors = {canonicalize_name(Requirement(row).name): Requirement(row) for row in PROJECT["project"]["dependencies"]}
    assert not floors[name].specifier.contains(version)


def test_lock_has_every_dependency_in_an_allowed_version():
    locked = locked_versions()
    problems = [
        row
        for row in required()
        if not any(
            Requirement(row).specifier.contains(v) for v in locked.get(canonicalize_name(Requirement(row).name), ())
        )
    ]
    assert problems == [], "run `make lock`, and commit requirements.lock"


def test_every_package_in_the_lock_has_a_hash():
    entries = re.split(r"^(?=[A-Za-z0-9])", LOCK, flags=re.MULTILINE)[1:]
    assert len(entries) > 40
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []
