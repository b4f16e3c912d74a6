"""Files in `static/` are published byte for byte under their own paths, and only those that belong on a site."""

import os
from datetime import UTC, datetime

import pytest

from podcast_kit import builder
from podcast_kit.check.build_check import check_show
from podcast_kit.errors import InvalidInput, Severity
from podcast_kit.model import Wave
from podcast_kit.model.lineage import STATIC_UNIT, History
from podcast_kit.publish.fast_path import fingerprint_sources
from podcast_kit.publish.lineage import set_back_sources
from podcast_kit.source import project, static_files
from tests.support.shows import small

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def build(show):
    return builder.build(project.load_project(show), now=NOW)


def write_file(show, key, content=b"content"):
    path = show / "static" / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def problems_of(show):
    with pytest.raises(InvalidInput) as caught:
        build(show)
    return {problem.location.path: problem for problem in caught.value.problems}


def test_static_files_are_published_byte_for_byte_with_their_types(tmp_path):
    show = small(tmp_path / "show")
    types = {
        "CNAME": "text/plain; charset=utf-8",
        "ads.txt": "text/plain; charset=utf-8",
        ".well-known/security.txt": "text/plain; charset=utf-8",
        ".well-known/apple-app-site-association": "application/json",
        ".nojekyll": "application/octet-stream",
        "BingSiteAuth.xml": "application/xml; charset=utf-8",
        "google1234.html": "text/html; charset=utf-8",
        "press/kit.pdf": "application/pdf",
        "press/kit ü&+#.zip": "application/zip",
        "clip.mp4": "video/mp4",
        "data.bin": "application/octet-stream",
    }
    for number, key in enumerate(types):
        write_file(show, key, bytes([13, 10, 0, number]))
    outputs = build(show).outputs
    assert {key: outputs[key].content_type for key in types} == types
    for number, key in enumerate(types):
        output = outputs[key]
        assert (show / "build" / key).read_bytes() == bytes([13, 10, 0, number])
        assert (output.size, output.wave, output.cache_control) == (4, Wave.PAGES, "public, max-age=300")


def test_unchanged_static_files_are_not_written_again_and_removed_ones_go(tmp_path):
    show = small(tmp_path / "show")
    write_file(show, "press/kit.pdf")
    write_file(show, "ads.txt")
    build(show)
    assert build(show).files_written == 0
    (show / "static/press/kit.pdf").unlink()
    write_file(show, "ads.txt", b"other")
    second = build(show)
    assert second.files_written == 1
    assert "press/kit.pdf" not in second.outputs
    assert not (show / "build/press").exists()
    assert (show / "build/ads.txt").read_bytes() == b"other"


@pytest.mark.parametrize(
    ("key", "fix"),
    [
        ("index.html", "templates/index.html"),
        ("robots.txt", "templates/robots.txt"),
        ("feed.xml", "another name"),
        ("INDEX.html", "templates/index.html"),
        ("feed.json/x", "another name"),
        ("episodes", "another name"),
        ("episodes/001-talk/index.html", "another name"),
        ("assets", "another name"),
    ],
)
def test_paths_that_the_build_makes_are_refused_with_place_and_fix(tmp_path, key, fix):
    show = small(tmp_path / "show")
    write_file(show, key)
    problem = problems_of(show)[f"static/{key}"]
    assert problem.code == "static.taken"
    assert fix in problem.fix


@pytest.mark.parametrize("folder", ["media", ".podcast-kit", "MEDIA", "private"])
def test_folders_of_published_files_are_refused(tmp_path, folder):
    show = small(tmp_path / "show")
    write_file(show, f"{folder}/0123456789abcdef/a.mp3")
    if folder.startswith("."):
        warnings = project.load_project(show).warnings
        assert [problem.location.path for problem in warnings if problem.code == "static.hidden"] == [
            f"static/{folder}"
        ]
        assert not any("a.mp3" in key for key in build(show).outputs if "0123456789abcdef" in key)
    else:
        assert problems_of(show)[f"static/{folder}"].code == "static.taken"


def test_all_problems_are_reported_at_once(tmp_path):
    show = small(tmp_path / "show")
    (tmp_path / "secret.txt").write_text("secret")
    write_file(show, "a/one.txt")
    write_file(show, "A/two.txt")
    write_file(show, "Same.txt")
    write_file(show, "same.txt")
    write_file(show, "\u00dcber.txt")
    write_file(show, "u\u0308ber.txt")
    write_file(show, "back\\slash.txt")
    write_file(show, "line\nbreak.txt")
    write_file(show, f"{'/'.join(['d' * 200] * 5)}/x.txt")
    (show / "static/leak.txt").symlink_to("../../secret.txt")
    (show / "static/show.txt").symlink_to("../podcast.yaml")
    (show / "static/gone.txt").symlink_to("nowhere")
    (show / "static/loop").symlink_to("loop")
    (show / "static/folder").symlink_to("a")
    os.mkfifo(show / "static/pipe")
    found = {path: problem.code for path, problem in problems_of(show).items()}
    assert found == {
        "static/a": "static.case",
        "static/same.txt": "static.case",
        "static/\u00dcber.txt": "static.case",
        "static/back\\\\slash.txt": "path.form",
        "static/line\\nbreak.txt": "path.form",
        f"static/{'/'.join(['d' * 200] * 5)}/x.txt": "path.form",
        "static/leak.txt": "path.outside",
        "static/show.txt": "path.outside",
        "static/gone.txt": "file.read",
        "static/loop": "file.read",
        "static/folder": "path.outside",
        "static/pipe": "file.read",
    }
    assert not any(path.read_bytes() == b"secret" for path in (show / "build").rglob("*") if path.is_file())


def test_a_link_inside_static_is_published_as_a_file(tmp_path):
    show = small(tmp_path / "show")
    write_file(show, "a.txt")
    (show / "static/b.txt").symlink_to("a.txt")
    build(show)
    assert (show / "build/b.txt").read_bytes() == b"content"
    assert not (show / "build/b.txt").is_symlink()


def test_static_as_a_link_is_refused(tmp_path):
    show = small(tmp_path / "show")
    (show / "static").symlink_to(tmp_path)
    assert problems_of(show)["static"].code == "path.outside"


def test_leftovers_of_systems_and_editors_are_left_out_and_named(tmp_path):
    show = small(tmp_path / "show")
    names = [".DS_Store", "a/Thumbs.db", "a/._note.txt", "b.txt~", "#c.txt#", ".git/config", "d.txt.swp"]
    for name in names:
        write_file(show, name)
    write_file(show, "d.txt")
    outputs = build(show).outputs
    assert "d.txt" in outputs
    assert not set(names) & set(outputs)
    [problem] = [row for row in check_show(project.load_project(show), now=NOW) if row.code == "static.leftover"]
    assert problem.severity is Severity.HINT
    assert "static/#c.txt#" in problem.text
    assert "4 more" in problem.text


def test_hidden_files_are_left_out_with_a_warning(tmp_path):
    show = small(tmp_path / "show")
    for name in (".env", ".well-known/.hidden", "a/.secret"):
        write_file(show, name)
    loaded = project.load_project(show)
    assert loaded.static_files == (".well-known/.hidden",)
    warnings = [problem for problem in loaded.warnings if problem.code == "static.hidden"]
    assert [problem.location.path for problem in warnings] == ["static/.env", "static/a/.secret"]
    assert all(problem.severity is Severity.WARNING for problem in warnings)


def test_too_many_files_or_folders_are_refused(tmp_path, monkeypatch):
    show = small(tmp_path / "show")
    monkeypatch.setattr(static_files, "MAX_STATIC_FILES", 3)
    for number in range(5):
        write_file(show, f"{number}.txt")
    assert "more than 3 files" in problems_of(show)["static"].text
    monkeypatch.setattr(static_files, "MAX_STATIC_FILES", 30)
    monkeypatch.setattr(static_files, "MAX_STATIC_DEPTH", 3)
    write_file(show, "a/b/c/d/e.txt")
    assert problems_of(show)["static/a/b/c"].code == "static.many"


def test_ten_thousand_static_files_are_listed_by_folder_in_the_record(tmp_path):
    show = small(tmp_path / "show")
    (show / "static/many").mkdir(parents=True)
    for number in range(300):
        (show / f"static/many/{number}.txt").write_text(str(number))
    write_file(show, "ads.txt")
    parts = build(show).sources[STATIC_UNIT]
    assert set(parts) == {"static/many", "static"}
    (show / "static/many/7.txt").write_text("changed")
    later = build(show).sources[STATIC_UNIT]
    assert later["static"] == parts["static"]
    assert later["static/many"] != parts["static/many"]


def test_static_files_count_as_sources(tmp_path):
    show = small(tmp_path / "show")
    write_file(show, "a/b.txt")
    before, sources = fingerprint_sources(show), build(show).sources
    write_file(show, "a/b.txt", b"changed")
    assert fingerprint_sources(show) != before
    assert build(show).sources[STATIC_UNIT] != sources[STATIC_UNIT]
    assert set_back_sources(History(), sources, 1)[STATIC_UNIT] == sources[STATIC_UNIT]


def test_a_file_that_becomes_a_link_while_it_is_copied_is_refused(tmp_path):
    show = small(tmp_path / "show")
    write_file(show, "a.txt")
    loaded = project.load_project(show)
    (tmp_path / "secret.txt").write_text("content")
    (show / "static/a.txt").unlink()
    (show / "static/a.txt").symlink_to(tmp_path / "secret.txt")
    with pytest.raises(Exception, match="outside of its folder"):
        builder.build(loaded, now=NOW)
    assert not (show / "build/a.txt").exists()
