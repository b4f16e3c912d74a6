"""Values are copied by their slots as `dataclasses.replace` does it."""

from dataclasses import replace
from pathlib import Path

import pytest

from podcast_kit.builder.slots import copy_value, make_value
from podcast_kit.model import Output, Soundbite, Wave
from podcast_kit.model.transfer import set_folder
from tests.support.site_factories import make_item


def test_a_copy_has_other_values_only_where_they_are_changed():
    item = make_item(description="naïve – 🎙️", page="plain")
    copy = copy_value(item, images={}, clip_cards={})
    assert copy == replace(item, images={}, clip_cards={})
    assert copy.description == item.description
    assert copy is not item


def test_a_value_needs_all_of_its_fields():
    with pytest.raises(ValueError, match="missing"):
        make_value(Soundbite, (1,))


def test_the_path_of_an_output_in_a_folder_is_its_key_there():
    output = Output(
        key="a/b.txt", size=1, sha256="", content_type="text/plain", cache_control="", wave=Wave.PAGES, path=None
    )
    assert (output.path, output.is_local) == (None, False)
    set_folder(output, "build")
    assert (output.path, output.is_local) == (Path("build/a/b.txt"), True)
    assert replace(output, key="c.txt").path == Path("build/a/b.txt")
    assert copy_value(output, size=2).path == Path("build/a/b.txt")
