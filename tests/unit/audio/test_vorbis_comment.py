"""Opus, Vorbis and FLAC keep their audio and foreign comments; new comments come first."""

import base64
import shutil
import subprocess

import pytest

from podcast_kit.audio import probe_audio, read_tags, vorbis_comment, write_tags
from podcast_kit.audio.ogg import pages as ogg
from podcast_kit.audio.ogg import tags as oggtags
from podcast_kit.model import Chapter, Cover, Tags
from tests.support.audio_samples import JPEG, make_tags, sample

needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg decodes what must not change")
NAMES = ["speech.opus", "speech.ogg", "speech.flac"]
BARE = Tags(title="T", show="S")
LARGE = Cover(data=JPEG.ljust(900_000, b"\0"), mime="image/jpeg", width=1, height=1)


def heard(path):
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-map", "0:a", "-f", "s16le", "-"]
    done = subprocess.run(command, capture_output=True, check=True)
    assert done.stderr == b""
    return done.stdout


def pages(path):
    with path.open("rb") as file:
        return list(ogg.read_pages(file))


@needs_ffmpeg
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("tags", [BARE, make_tags(), make_tags(cover=LARGE)], ids=["bare", "full", "large-cover"])
def test_tagging_keeps_every_sample(name, tags, tmp_path):
    write_tags(sample(name), tmp_path / name, tags)
    assert heard(tmp_path / name) == heard(sample(name))
    assert probe_audio(tmp_path / name).payload_sha256 == probe_audio(sample(name)).payload_sha256


@pytest.mark.parametrize("name", NAMES[:2])
@pytest.mark.parametrize("tags", [BARE, make_tags(cover=LARGE)], ids=["fewer-pages", "more-pages"])
def test_pages_get_new_numbers_and_checksums(name, tags, tmp_path):
    write_tags(sample(name), tmp_path / name, tags)
    found = pages(tmp_path / name)
    assert [page.number for page in found] == list(range(len(found)))
    assert b"".join(oggtags.render_page(page) for page in found) == (tmp_path / name).read_bytes()
    assert sum(len(oggtags.render_page(page)) for page in pages(sample(name))) == sample(name).stat().st_size


@pytest.mark.parametrize("name", NAMES)
def test_foreign_comments_are_kept_after_own(name, tmp_path):
    before = read_tags(sample(name)).fields
    assert before
    write_tags(sample(name), tmp_path / name, make_tags())
    after = read_tags(tmp_path / name).fields
    assert after[0] == ("TITLE", make_tags().title)
    assert [pair for pair in after if pair in before] == list(before)


@pytest.mark.parametrize("name", NAMES)
def test_comments_without_a_new_value_are_kept(name, tmp_path):
    write_tags(sample(name), tmp_path / name, make_tags())
    write_tags(tmp_path / name, tmp_path / f"b-{name}", BARE)
    found = read_tags(tmp_path / f"b-{name}")
    assert (found.title, found.show, found.guid) == ("T", "S", make_tags().guid)
    assert found.cover == "image/jpeg"
    assert [mark.title for mark in found.chapters] == [mark.title for mark in make_tags().chapters if mark.toc]


def test_front_cover_replaces_only_the_old_front_cover():
    back = vorbis_comment.build_picture_block(Cover(data=b"back", mime="image/png"))
    back = base64.b64encode(b"\0\0\0\4" + back[4:]).decode()
    front = base64.b64encode(vorbis_comment.build_picture_block(Cover(data=b"front", mime="image/png"))).decode()
    old = vorbis_comment.VorbisComments(
        b"v", (("METADATA_BLOCK_PICTURE", back), ("metadata_block_picture", front), ("COVERART", "x"))
    )
    assert vorbis_comment.merge_comments(old, [("TITLE", "T")], cover=True).pairs == (
        ("TITLE", "T"),
        ("METADATA_BLOCK_PICTURE", back),
    )
    assert vorbis_comment.merge_comments(old, [("TITLE", "T")], cover=False).pairs[1:] == old.pairs


def test_opus_padding_is_kept_if_its_flag_is_set():
    said = vorbis_comment.parse_comments(vorbis_comment.VorbisComments(b"v", (("A", "b"),)).render() + b"\x01binary")
    assert oggtags._render_comment_packet(b"OpusTags", said).endswith(b"A=b\x01binary")
    padded = vorbis_comment.parse_comments(vorbis_comment.VorbisComments(b"v", (("A", "b"),)).render() + bytes(50))
    assert oggtags._render_comment_packet(b"OpusTags", padded).endswith(b"A=b")


@pytest.mark.parametrize(
    "pairs",
    [
        [
            ("CHAPTER01", "00:00:00.000"),
            ("CHAPTER01NAME", "One"),
            ("CHAPTER02", "00:01:02.5"),
            ("CHAPTER02NAME", "Two"),
        ],
        [("chapter000", "00:00:00"), ("chapter000name", "One"), ("CHAPTER001", "0:1:2,500"), ("CHAPTER001NAME", "Two")],
    ],
)
def test_chapter_numbers_have_two_or_three_digits_from_0_or_1(pairs):
    found = vorbis_comment.from_comments(vorbis_comment.VorbisComments(b"", tuple(pairs))).chapters
    assert found == (
        Chapter(start_ms=0, end_ms=62_500, title="One"),
        Chapter(start_ms=62_500, title="Two"),
    )


def test_comment_list_with_wrong_count_ends_at_the_last_byte():
    whole = vorbis_comment.VorbisComments(b"v", (("A", "1"), ("B", "2"))).render()
    assert vorbis_comment.parse_comments(whole[:-3]).pairs == (("A", "1"),)
    assert vorbis_comment.parse_comments(whole[:7]).pairs == ()
    assert vorbis_comment.parse_comments(b"\xff\xff\xff\xff").pairs == ()


@pytest.mark.parametrize(
    ("times", "is_broken"),
    [(("00:00:00", "00:01:00"), False), (("00:01:00", "00:00:00"), True), (("00:00:00",) * 2, True)],
)
def test_chapters_out_of_order_are_noticed(times, is_broken):
    pairs = tuple((f"CHAPTER{number:03}", time) for number, time in enumerate(times))
    tags = vorbis_comment.from_comments(vorbis_comment.VorbisComments(b"", pairs))
    assert tags.has_broken_chapters is is_broken
