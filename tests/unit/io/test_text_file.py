"""Texts go to a file once they are too many for the memory, and are read from there by any thread."""

import gc
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from podcast_kit.io import text_file
from podcast_kit.io.text_file import TextFile, TextPlace


@pytest.fixture
def texts(tmp_path, monkeypatch):
    monkeypatch.setattr(text_file, "MAX_BYTES_IN_MEMORY", 10)
    return TextFile(lambda: tmp_path)


def test_few_texts_stay_in_memory(texts):
    assert texts.add_text("a" * 10) == "a" * 10


@pytest.mark.parametrize(
    "text", ["plain text, a little longer", "naïve – text, a little longer", "\ud800 a lone surrogate"]
)
def test_a_text_is_read_from_the_file_as_it_was_added(texts, text):
    first = texts.add_text(b"the first text")
    place = texts.add_text(text if text.isascii() else text.encode("utf-8", "surrogatepass"))
    assert isinstance(first, TextPlace)
    assert isinstance(place, TextPlace)
    assert (first.read(), place.read()) == ("the first text", text)


def test_threads_read_and_add_side_by_side(texts):
    written = [f"text {number} " * (number + 2) for number in range(200)]

    def add_and_read(text: str) -> str:
        place = texts.add_text(text)
        assert isinstance(place, TextPlace)
        return place.read()

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(add_and_read, written)) == written


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files are counted in /proc")
def test_the_file_has_no_name_and_is_closed_with_its_last_text(tmp_path, monkeypatch):
    def open_files() -> int:
        links = [entry for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()]
        return sum(str(tmp_path) in str(link.readlink()) for link in links)

    monkeypatch.setattr(text_file, "MAX_BYTES_IN_MEMORY", 0)
    place = TextFile(lambda: tmp_path).add_text("a text for the file")
    assert list(tmp_path.iterdir()) == []
    assert place.read() == "a text for the file"
    del place
    gc.collect()
    assert open_files() == 0


def test_the_file_of_objects_that_refer_to_each_other_is_closed(tmp_path, monkeypatch):
    """Python ends them in any order, such as that of their age, and warns of a file that it ends unclosed."""
    older_files = [tempfile.TemporaryFile(dir=tmp_path, buffering=0)]  # noqa: SIM115  # the text file closes it
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: older_files.pop())
    monkeypatch.setattr(text_file, "MAX_BYTES_IN_MEMORY", 0)
    texts = TextFile(lambda: tmp_path)
    texts.add_text("a text for the file")
    texts.itself = texts
    del texts
    gc.collect()
