import shutil

import pytest

from tests.support.checked_shows import make_clean_show


@pytest.fixture(scope="session")
def clean_show(tmp_path_factory):
    """A show without problems, built once per worker."""
    return make_clean_show(tmp_path_factory.mktemp("clean") / "show")


@pytest.fixture
def show(clean_show, tmp_path):
    """A copy of it that a test may change."""
    return shutil.copytree(clean_show, tmp_path / "show")
