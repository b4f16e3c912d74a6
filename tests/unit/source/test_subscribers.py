"""subscribers.txt and the key of the private feed URLs."""

import stat

import pytest

from podcast_kit.errors import InvalidInput, OperationError
from podcast_kit.source import subscribers
from podcast_kit.source.subscribers import Subscribers

KEY = bytes(range(32))


def test_names_and_revoked_names_are_read(tmp_path):
    (tmp_path / "subscribers.txt").write_text("\ufeff# mine\n\nAnn  Lee\n -  Bo\nZoë # not a comment\n", "utf-8")
    assert subscribers.read_subscribers(tmp_path) == Subscribers(("Ann Lee", "Zoë # not a comment"), ("Bo",))


def test_missing_list_is_empty(tmp_path):
    assert not subscribers.read_subscribers(tmp_path)


def test_every_problem_of_the_list_is_reported_with_its_line(tmp_path):
    (tmp_path / "subscribers.txt").write_text(f"Ann\n- ann\n{'x' * 101}\nB\u202eo\n", "utf-8")
    with pytest.raises(InvalidInput) as caught:
        subscribers.read_subscribers(tmp_path)
    assert [(problem.location.line, problem.code) for problem in caught.value.problems] == [
        (2, "key.twice"),
        (3, "value.long"),
        (4, "value.long"),
    ]


def test_written_list_is_read_back(tmp_path):
    written = Subscribers(("Ann Lee", "Zoë"), ("Bo",))
    subscribers.write_subscribers(tmp_path, written)
    assert subscribers.read_subscribers(tmp_path) == written


def test_adding_and_revoking_keeps_other_names():
    before = Subscribers(("Ann", "Bo"), ("Cy",))
    assert subscribers.update_subscribers(before, add=["Dee", "cy", "ANN"], revoke=["bo"]) == Subscribers(
        ("Ann", "Dee", "cy"), ("Bo",)
    )
    with pytest.raises(OperationError, match="'Eve' has no private feed"):
        subscribers.update_subscribers(before, revoke=["Eve"])


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("", "type the name"),
        (" \n", "type the name"),
        ("- Ann", "other than '-'"),
        ("# Ann", "other than '#'"),
        ("a\u202eb", "retype"),
        ("\x1b[31mred", "retype"),
        ("\udcff", "retype"),
        ("x" * 101, "shorten"),
    ],
)
def test_a_name_that_the_list_cannot_hold_is_refused(name, fix):
    with pytest.raises(OperationError, match="cannot be a name") as refused:
        subscribers.update_subscribers(Subscribers(("Ann",)), add=[name])
    assert fix in refused.value.fix


def test_a_list_in_the_environment_that_is_not_text_is_reported(tmp_path, monkeypatch):
    monkeypatch.setenv(subscribers.SUBSCRIBERS_VARIABLE, "Ann\n\udcff")
    with pytest.raises(InvalidInput) as refused:
        subscribers.read_subscribers(tmp_path)
    assert [problem.code for problem in refused.value.problems] == ["file.encoding"]


def test_key_file_is_private_and_ignored_by_git(tmp_path):
    (tmp_path / ".gitignore").write_text("/build/\n")
    subscribers.write_subscribers_key(tmp_path, KEY)
    assert subscribers.read_subscribers_key(tmp_path) == KEY
    assert stat.S_IMODE((tmp_path / "subscribers.key").stat().st_mode) == 0o600
    assert (tmp_path / ".gitignore").read_text() == "/build/\n/subscribers.key\n"


def test_existing_key_is_never_replaced(tmp_path):
    subscribers.write_subscribers_key(tmp_path, KEY)
    with pytest.raises(OperationError, match="already exists"):
        subscribers.write_subscribers_key(tmp_path, KEY[::-1])
    assert subscribers.read_subscribers_key(tmp_path) == KEY


def test_key_is_read_from_the_environment(tmp_path, monkeypatch):
    with pytest.raises(OperationError, match=r"subscribers\.key is missing"):
        subscribers.read_subscribers_key(tmp_path)
    monkeypatch.setenv("PODCAST_KIT_SUBSCRIBERS_KEY", KEY.hex())
    assert subscribers.read_subscribers_key(tmp_path) == KEY


@pytest.mark.parametrize("text", ["", "abc", "00" * 31, "zz" * 32])
def test_damaged_key_is_reported(tmp_path, text):
    (tmp_path / "subscribers.key").write_text(text)
    with pytest.raises(OperationError, match="must have 64 hexadecimal digits"):
        subscribers.read_subscribers_key(tmp_path)


def test_problems_of_the_list_show_no_one(tmp_path):
    (tmp_path / "subscribers.txt").write_text(f"Annegret\nannegret\nBo [Annegret]\nAnnegret {'t' * 100}\n", "utf-8")
    with pytest.raises(InvalidInput) as refused:
        subscribers.read_subscribers(tmp_path, ("gold",))
    assert [problem.location.line for problem in refused.value.problems] == [2, 3, 4]
    assert "annegret" not in "".join(map(str, refused.value.problems)).casefold()


def test_names_are_not_committed(tmp_path):
    subscribers.write_subscribers(tmp_path, Subscribers(("Ann",)))
    subscribers.ignore_in_git(tmp_path, "/lists/a[1]*.csv")
    assert (tmp_path / ".gitignore").read_text() == "/subscribers.txt\n/lists/a\\[1\\]\\*.csv\n"
