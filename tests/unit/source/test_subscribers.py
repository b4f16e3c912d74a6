"""Who has a private feed, and the secret of their addresses."""

import stat

import pytest

from podcast_kit.errors import OperationError, InvalidInput
from podcast_kit.source import subscribers
from podcast_kit.source.subscribers import Subscribers

SECRET = bytes(range(32))


def test_a_list_is_names_and_names_behind_a_hyphen(tmp_path):
    (tmp_path / "subscribers.txt").write_text("\ufeff# mine\n\nAnn  Lee\n -  Bo\nZoë # not a comment\n", "utf-8")
    assert subscribers.read_subscribers(tmp_path) == Subscribers(("Ann Lee", "Zoë # not a comment"), ("Bo",))


def test_no_list_is_nobody(tmp_path):
    assert not subscribers.read_subscribers(tmp_path)


def test_every_fault_of_the_list_is_told_with_its_line(tmp_path):
    (tmp_path / "subscribers.txt").write_text(f"Ann\n- ann\n{'x' * 101}\nB\u202eo\n", "utf-8")
    with pytest.raises(InvalidInput) as caught:
        subscribers.read_subscribers(tmp_path)
    assert [(problem.location.line, problem.code) for problem in caught.value.problems] == [
        (2, "key.twice"),
        (3, "value.long"),
        (4, "value.long"),
    ]


def test_a_list_that_was_written_is_read_back(tmp_path):
    said = Subscribers(("Ann Lee", "Zoë"), ("Bo",))
    subscribers.write_subscribers(tmp_path, said)
    assert subscribers.read_subscribers(tmp_path) == said


def test_who_comes_and_goes_keeps_the_others():
    before = Subscribers(("Ann", "Bo"), ("Cy",))
    assert subscribers.update_subscribers(before, add=["Dee", "cy", "ANN"], revoke=["bo"]) == Subscribers(
        ("Ann", "Dee", "cy"), ("Bo",)
    )
    with pytest.raises(OperationError, match="'Eve' has no private feed"):
        subscribers.update_subscribers(before, revoke=["Eve"])


def test_the_secret_is_the_owners_alone_and_git_never_sees_it(tmp_path):
    (tmp_path / ".gitignore").write_text("/build/\n")
    subscribers.write_subscribers_key(tmp_path, SECRET)
    assert subscribers.read_subscribers_key(tmp_path) == SECRET
    assert stat.S_IMODE((tmp_path / "subscribers.key").stat().st_mode) == 0o600
    assert (tmp_path / ".gitignore").read_text() == "/build/\n/subscribers.key\n"


def test_a_secret_is_never_made_twice(tmp_path):
    subscribers.write_subscribers_key(tmp_path, SECRET)
    with pytest.raises(OperationError, match="is there already"):
        subscribers.write_subscribers_key(tmp_path, SECRET[::-1])
    assert subscribers.read_subscribers_key(tmp_path) == SECRET


def test_the_environment_has_the_secret_where_the_file_is_not(tmp_path, monkeypatch):
    with pytest.raises(OperationError, match="the secret of their addresses is not here"):
        subscribers.read_subscribers_key(tmp_path)
    monkeypatch.setenv("PODCAST_KIT_SUBSCRIBERS_KEY", SECRET.hex())
    assert subscribers.read_subscribers_key(tmp_path) == SECRET


@pytest.mark.parametrize("said", ["", "abc", "00" * 31, "zz" * 32])
def test_a_damaged_secret_is_told(tmp_path, said):
    (tmp_path / "subscribers.key").write_text(said)
    with pytest.raises(OperationError, match="is not 64 hexadecimal digits"):
        subscribers.read_subscribers_key(tmp_path)
