"""What git knows of a show's folder, also of one in a subfolder, renamed files and shallow clones."""

import shutil
import subprocess

import pytest

from podcast_kit.source.git_history import GitHistory, read_git_history


def git(folder, *arguments):
    settings = ("-c", "user.name=Anna", "-c", "user.email=a@pod.example", "-c", "commit.gpgsign=false")
    command = ["git", *settings, *map(str, arguments)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def repository(tmp_path):
    """A repository with a show in a subfolder, whose notes were edited and renamed."""
    folder = tmp_path / "repository"
    (folder / "show").mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    for number, name in enumerate(("a.md", "a.md", "ü b.md")):
        if name != "a.md":
            git(folder, "mv", "show/a.md", f"show/{name}")
        (folder / "show" / name).write_text(f"A text of several lines\nthat stays\n{number}\n")
        git(folder, "add", "-A")
        git(folder, "commit", "-qm", f"Version {number}")
    return folder


def test_contents_of_a_file_in_a_subfolder_are_listed_across_a_rename(repository):
    contents = read_git_history(repository / "show").file_versions("ü b.md")
    assert [content.splitlines()[-1] for content in contents] == [b"2", b"1", b"0"]


def test_uncommitted_files_are_named_from_the_show_folder(repository):
    history = read_git_history(repository / "show")
    assert history.list_tracked() == {"ü b.md"}
    assert history.list_uncommitted() == frozenset()
    (repository / "show/ü b.md").write_text("changed")
    (repository / "show/new file.md").write_text("new")
    assert history.list_uncommitted() == {"ü b.md", "new file.md"}


def test_a_full_clone_knows_every_ancestor_and_a_shallow_one_the_parent(repository, tmp_path):
    first, second, third = git(repository, "rev-list", "--reverse", "HEAD").split()
    full = read_git_history(repository / "show")
    assert [full.is_ancestor(commit) for commit in (first, second, third)] == [True, True, True]
    assert full.is_ancestor("0" * 40) is False
    assert full.is_ancestor("HEAD") is None
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{repository}", "shallow")
    shallow = read_git_history(tmp_path / "shallow/show")
    assert [shallow.is_ancestor(commit) for commit in (first, second, third)] == [None, True, True]
    assert shallow.author_of(third) == "Anna"
    assert shallow.author_of(first) == ""


def test_outside_of_a_repository_nothing_is_known(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    history = read_git_history(tmp_path)
    assert history == GitHistory(tmp_path)
    assert history.is_ancestor("0" * 40) is None
    assert (history.file_versions("a"), history.list_tracked(), history.list_uncommitted()) == ((), set(), set())
    monkeypatch.setenv("PATH", str(tmp_path))
    assert read_git_history(tmp_path) == GitHistory(tmp_path)


def test_commands_that_a_repository_names_are_not_run(repository):
    marker = repository / "ran"
    git(repository, "config", "core.fsmonitor", f"touch {marker}")
    git(repository, "config", "core.sshCommand", f"touch {marker}")
    git(repository, "config", "gpg.program", f"touch {marker}")
    git(repository, "config", "log.showSignature", "true")
    history = read_git_history(repository / "show")
    assert history.file_versions("ü b.md")
    assert history.author_of(history.head) == "Anna"
    history.list_uncommitted()
    assert not marker.exists()


def test_filters_that_a_repository_names_are_not_run(repository):
    marker = repository / "ran"
    (repository / "show/.gitattributes").write_text("*.md filter=evil.name\n")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "Attributes")
    git(repository, "config", "filter.evil.name.clean", f"touch {marker}; cat")
    git(repository, "config", "filter.evil.name.process", f"touch {marker}")
    git(repository, "config", "filter.evil.name.required", "true")
    (repository / "show/ü b.md").write_text("changed")
    assert read_git_history(repository / "show").list_uncommitted() == {"ü b.md"}
    git(repository, "config", "filter.a=b.clean", f"touch {marker}; cat")
    (repository / "show/.gitattributes").write_text("*.md filter=a=b\n")
    assert read_git_history(repository / "show").list_uncommitted() == frozenset()
    assert not marker.exists()


def test_bare_repository_inside_of_a_clone_is_not_used(repository):
    """Files named HEAD, config, objects/ and refs/ can be committed, and git takes their folder for a repository."""
    marker, show = repository / "ran", repository / "show"
    for name in ("HEAD", "config", "index", "objects", "refs"):
        source = repository / ".git" / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, show / name)
    config = show / "config"
    git(repository, "config", "-f", config, "core.worktree", ".")
    git(repository, "config", "-f", config, "filter.evil.clean", f"touch {marker}; cat")
    (show / ".gitattributes").write_text("* filter=evil\n")
    assert read_git_history(show) == GitHistory(show)
    assert not marker.exists()


def test_missing_objects_are_not_fetched(repository):
    """A partial clone names the remote that git fetches missing objects from, and how."""
    marker = repository / "ran"
    blob = git(repository, "rev-parse", "HEAD~2:show/a.md")
    (repository / ".git/objects" / blob[:2] / blob[2:]).unlink()
    for name, value in (
        ("core.repositoryFormatVersion", "1"),
        ("extensions.partialClone", "origin"),
        ("remote.origin.url", f"ext::sh -c touch% {marker}"),
        ("remote.origin.promisor", "true"),
        ("protocol.ext.allow", "always"),
    ):
        git(repository, "config", name, value)
    history = read_git_history(repository / "show")
    history.file_versions("ü b.md")
    history.list_uncommitted()
    assert not marker.exists()
