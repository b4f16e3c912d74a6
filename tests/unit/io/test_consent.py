"""What the user allowed is kept outside of the show, for this show only, and only where no one else can write."""

import os

import pytest

from podcast_kit.io import consent
from podcast_kit.io.consent import ConsentKind

COMMAND = "purge --all"


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state/podcast-kit"


def test_consent_is_remembered_for_one_show_one_kind_and_one_subject(tmp_path, state):
    show = tmp_path / "show"
    show.mkdir()
    assert not consent.has_consent(ConsentKind.COMMAND, show, COMMAND)
    assert consent.record_consent(ConsentKind.COMMAND, show, COMMAND)
    assert consent.has_consent(ConsentKind.COMMAND, show, COMMAND)
    assert not consent.has_consent(ConsentKind.COMMAND, show, COMMAND + " ")
    assert not consent.has_consent(ConsentKind.PLACE, show, COMMAND)
    assert not consent.has_consent(ConsentKind.COMMAND, tmp_path / "other", COMMAND)
    assert list(show.iterdir()) == []
    assert state.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in (state / "consent").iterdir()} == {0o600}


def test_the_same_folder_through_a_link_has_the_same_consent(tmp_path):
    (tmp_path / "show").mkdir()
    (tmp_path / "link").symlink_to("show")
    consent.record_consent(ConsentKind.COMMAND, tmp_path / "link", COMMAND)
    assert consent.has_consent(ConsentKind.COMMAND, tmp_path / "show", COMMAND)


@pytest.mark.parametrize("mode", [0o777, 0o720])
def test_a_state_folder_that_others_can_write_to_is_not_used(tmp_path, state, mode):
    assert consent.record_consent(ConsentKind.COMMAND, tmp_path, COMMAND)
    state.chmod(mode)
    assert not consent.has_consent(ConsentKind.COMMAND, tmp_path, COMMAND)
    assert not consent.record_consent(ConsentKind.COMMAND, tmp_path, COMMAND)


def test_a_record_that_is_a_link_or_a_pipe_is_not_trusted(tmp_path, state):
    consent.record_consent(ConsentKind.COMMAND, tmp_path, COMMAND)
    (record,) = (state / "consent").iterdir()
    record.rename(tmp_path / "elsewhere")
    record.symlink_to(tmp_path / "elsewhere")
    assert not consent.has_consent(ConsentKind.COMMAND, tmp_path, COMMAND)
    record.unlink()
    os.mkfifo(record, 0o600)
    assert not consent.has_consent(ConsentKind.COMMAND, tmp_path, COMMAND)


def test_without_a_place_to_remember_it_nothing_is_allowed(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    assert not consent.record_consent(ConsentKind.PLACE, tmp_path, "/srv")
    assert not consent.has_consent(ConsentKind.PLACE, tmp_path, "/srv")


def test_a_relative_state_folder_is_ignored(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_STATE_HOME", "show/state")
    assert consent.state_folder() == tmp_path / "home/.local/state/podcast-kit"
