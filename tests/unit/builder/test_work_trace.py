"""What a part of a build used and listed is packed, and read again as it was."""

from podcast_kit.builder.cache import FILE_DIGESTS, open_cache, text_kind
from podcast_kit.builder.output_dir import OutputDir
from podcast_kit.builder.work_trace import FileChecks, WorkTrace, keep_work, pack_work, trace_work
from podcast_kit.model import Wave

KIND = text_kind("words")


def build_page(folder, *, key="one"):
    """What a build of one page used, before and after the page is in place."""
    with open_cache(folder / "cache") as cache, OutputDir(folder / "build", cache) as out:
        with trace_work(out) as trace:
            cache.set(KIND, key, "x")
            out.write("page.html", b"A page", Wave.PAGES)
        packed = pack_work(trace)
        is_early = keep_work(trace, cache)
        out.commit_staged()
        return packed, is_early, keep_work(trace, cache)


def test_work_is_as_it_was_until_one_of_its_files_changes(tmp_path):
    _, _, work = build_page(tmp_path)
    page = str(tmp_path / "build/page.html")
    assert [path for path, _ in work.list_files()] == [page]
    assert sorted(work.list_uses()) == [(FILE_DIGESTS.name, page), ("words", "one")]
    assert FileChecks().are_unchanged(work)
    (tmp_path / "build/page.html").write_text("Another page")
    assert not FileChecks().are_unchanged(work)


def test_what_an_unfinished_build_did_is_not_as_it_was(tmp_path):
    packed, is_early, _ = build_page(tmp_path)
    assert is_early is None
    assert not FileChecks().are_unchanged(packed)


def test_work_without_files_is_always_as_it_was(tmp_path):
    with open_cache(tmp_path / "cache") as cache:
        work = keep_work(WorkTrace(used={("words", "one")}), cache)
    assert FileChecks().are_unchanged(work)
    assert list(work.list_uses()) == [("words", "one")]


def test_what_cannot_be_packed_is_not_kept(tmp_path):
    assert build_page(tmp_path, key="a\0b") == (None, None, None)
