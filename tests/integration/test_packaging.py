"""The wheel is what people install: it holds all it needs, and publishes a show far from the checkout."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    out = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "build", "--wheel", "--outdir", out, ROOT], check=True, capture_output=True)
    (found,) = out.glob("*.whl")
    return found


@pytest.mark.slow
def test_the_wheel_holds_every_template_and_data_file(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    templates = {path.relative_to(ROOT / "templates") for path in (ROOT / "templates").rglob("*") if path.is_file()}
    package = {
        path.relative_to(ROOT)
        for path in (ROOT / "podcast_kit").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {f"podcast_kit/templates/{path.as_posix()}" for path in templates} <= names
    assert {path.as_posix() for path in package} <= names
    assert templates


@pytest.mark.slow
def test_the_wheel_holds_nothing_else(wheel):
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"podcast_kit"}


@pytest.mark.slow
def test_an_installed_wheel_publishes_a_show(wheel, tmp_path):
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    subprocess.run([venv / "bin/pip", "install", "--quiet", wheel], check=True)
    show = tmp_path / "show"
    show.mkdir()
    shutil.copy(ROOT / "podcast.yaml", show)
    shutil.copytree(ROOT / "episodes", show / "episodes")
    command = [venv / "bin/podcast-kit", "publish", "--yes", "--to", tmp_path / "public", "-C", show]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "public/feed.xml").read_bytes().startswith(b"<?xml")
    assert (tmp_path / "public/episodes/001-more-social/index.html").is_file()
    again = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert "nothing to do" in again.stderr
    module = [venv / "bin/python", "-m", "podcast_kit", "--version"]
    assert subprocess.run(module, capture_output=True, text=True, check=True).stdout.startswith("podcast-kit ")
