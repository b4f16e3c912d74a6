"""The fingerprint of the sources changes with every edit, whatever else is in their folder."""

import os

import pytest

from podcast_kit.publish.fast_path import fingerprint_sources


@pytest.mark.parametrize("target", ["nowhere", "link"])
def test_a_link_that_leads_nowhere_hides_no_edit(tmp_path, target):
    notes = tmp_path / "episodes/one.md"
    notes.parent.mkdir()
    notes.write_text("one")
    (tmp_path / "episodes/link").symlink_to(target)
    before = fingerprint_sources(tmp_path)
    os.utime(notes, ns=(1, 1))
    after_touch = fingerprint_sources(tmp_path)
    (tmp_path / "podcast.yaml").write_text("title: x")
    assert len({before, after_touch, fingerprint_sources(tmp_path)}) == 3
