"""An M4A keeps its audio and other content; its index comes first, and chapters need no remux."""

import shutil
import subprocess

import pytest

from podcast_kit.audio import probe_audio, read_tags, write_tags
from podcast_kit.audio.mp4.boxes import Box, parse_boxes, read_layout
from podcast_kit.audio.mp4.container import list_tracks
from podcast_kit.model import Chapter, Cover, Tags
from tests.support.audio_samples import JPEG, make_tags, sample

needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg makes and decodes what is looked at")
BARE = Tags(title="T", show="S")


def heard(path):
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-map", "0:a", "-f", "s16le", "-"]
    return subprocess.run(command, capture_output=True, check=True).stdout


def made(path, *options):
    """An M4A that ffmpeg writes with these options."""
    command = ["ffmpeg", "-v", "error", "-i", str(sample("speech.wav")), *options, "-c:a", "aac", str(path)]
    subprocess.run(command, check=True)
    return path


def names(path):
    with path.open("rb") as file:
        return [span.name for span in read_layout(file).spans]


def moov(path):
    return Box(b"", boxes=parse_boxes(path.read_bytes())).find(b"moov")


@needs_ffmpeg
@pytest.mark.parametrize("name", ["aac.m4a", "alac.m4a"])
@pytest.mark.parametrize(
    "tags", [BARE, make_tags(), make_tags(cover=Cover(data=JPEG.ljust(900_000), mime="image/png"))]
)
def test_tagging_keeps_every_sample(name, tags, tmp_path):
    write_tags(sample(name), tmp_path / name, tags)
    assert heard(tmp_path / name) == heard(sample(name))


def test_moov_comes_before_a_single_mdat(tmp_path):
    assert names(sample("aac.m4a")) == [b"ftyp", b"free", b"mdat", b"moov"]
    write_tags(sample("aac.m4a"), tmp_path / "a.m4a", make_tags())
    assert names(tmp_path / "a.m4a") == [b"ftyp", b"moov", b"mdat"]


def test_chapters_are_a_disabled_text_track_referenced_by_the_audio(tmp_path):
    write_tags(sample("aac.m4a"), tmp_path / "a.m4a", make_tags())
    index = moov(tmp_path / "a.m4a")
    sound, titles = list_tracks(index)
    assert sound.box.find(b"tref", b"chap").data == titles.id.to_bytes(4, "big")
    assert titles.box.find(b"tkhd").data[:4] == b"\0\0\0\0"
    assert titles.handler == b"text"
    listed = sum(mark.toc for mark in make_tags().chapters)
    assert titles.table(b"stts")[4:8] == listed.to_bytes(4, "big")
    assert titles.table(b"stco")[4:8] == listed.to_bytes(4, "big")
    assert index.find(b"mvhd").data[-4:] == (titles.id + 1).to_bytes(4, "big")


def test_tags_without_chapters_keep_embedded_chapters(tmp_path):
    write_tags(sample("aac.m4a"), tmp_path / "a.m4a", make_tags())
    write_tags(tmp_path / "a.m4a", tmp_path / "b.m4a", BARE)
    assert read_tags(tmp_path / "b.m4a").chapters == read_tags(tmp_path / "a.m4a").chapters
    assert read_tags(tmp_path / "b.m4a").title == "T"
    assert read_tags(tmp_path / "b.m4a").guid == make_tags().guid


def test_new_chapters_replace_old_ones_completely(tmp_path):
    write_tags(sample("aac.m4a"), tmp_path / "a.m4a", make_tags())
    few = make_tags(chapters=(Chapter(start_ms=0, title="Only"), Chapter(start_ms=700, title="Two")))
    assert write_tags(tmp_path / "a.m4a", tmp_path / "b.m4a", few) == write_tags(
        sample("aac.m4a"), tmp_path / "c.m4a", few
    )


@needs_ffmpeg
def test_chapters_of_other_programs_are_read_and_replaced(tmp_path):
    chapters = tmp_path / "marks.txt"
    chapters.write_text(
        ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=900\ntitle=Erstes\n"
        "[CHAPTER]\nTIMEBASE=1/1000\nSTART=900\nEND=2000\ntitle=Zweites Ω\n"
    )
    source = made(tmp_path / "a.m4a", "-i", str(chapters), "-map_metadata", "1", "-movflags", "+faststart")
    found = read_tags(source).chapters
    assert [(mark.start_ms, mark.title) for mark in found] == [(0, "Erstes"), (900, "Zweites Ω")]
    write_tags(source, tmp_path / "b.m4a", make_tags())
    assert len(list_tracks(moov(tmp_path / "b.m4a"))) == 2
    assert [mark.title for mark in read_tags(tmp_path / "b.m4a").chapters] == [
        mark.title for mark in make_tags().chapters if mark.toc
    ]
    assert heard(tmp_path / "b.m4a") == heard(source)


@needs_ffmpeg
def test_moov_first_or_last_gives_the_same_result(tmp_path):
    last = made(tmp_path / "last.m4a", "-bitexact")
    first = made(tmp_path / "first.m4a", "-bitexact", "-movflags", "+faststart")
    assert write_tags(last, tmp_path / "a.m4a", make_tags()) == write_tags(first, tmp_path / "b.m4a", make_tags())


@needs_ffmpeg
@pytest.mark.parametrize("flags", ["+frag_keyframe+empty_moov", "+frag_keyframe+default_base_moof", "+dash"])
def test_fragmented_file_becomes_a_plain_one(tmp_path, flags):
    source = made(tmp_path / "a.m4a", "-movflags", flags, "-frag_duration", "300000")
    assert b"moof" in names(source)
    said = write_tags(source, tmp_path / "b.m4a", make_tags())
    assert names(tmp_path / "b.m4a") == [b"ftyp", b"moov", b"mdat"]
    assert heard(tmp_path / "b.m4a") == heard(source)
    assert probe_audio(tmp_path / "b.m4a").seconds == pytest.approx(probe_audio(source).seconds, abs=0.002)
    assert probe_audio(tmp_path / "b.m4a").payload_sha256 == probe_audio(source).payload_sha256
    assert write_tags(tmp_path / "b.m4a", tmp_path / "c.m4a", make_tags()) == said
    assert read_tags(tmp_path / "b.m4a").chapters[1].title == make_tags().chapters[1].title


def test_several_mdats_become_one(tmp_path):
    data = sample("aac.m4a").read_bytes()
    (tmp_path / "a.m4a").write_bytes(data + b"\0\0\0\x0cmdatmore")
    write_tags(tmp_path / "a.m4a", tmp_path / "b.m4a", make_tags())
    assert names(tmp_path / "b.m4a") == [b"ftyp", b"moov", b"mdat"]
    assert probe_audio(tmp_path / "b.m4a").payload_sha256 == probe_audio(sample("aac.m4a")).payload_sha256


def test_chpl_titles_are_truncated_between_characters(tmp_path):
    long = "Ω" * 400
    write_tags(sample("aac.m4a"), tmp_path / "a.m4a", make_tags(chapters=(Chapter(start_ms=0, title=long),)))
    assert read_tags(tmp_path / "a.m4a").chapters[0].title == long
    chpl = moov(tmp_path / "a.m4a").find(b"udta", b"chpl").data
    assert chpl[8] == 1
    assert chpl[18:].decode("utf-8") == "Ω" * 127


def test_text_track_holds_300_chapters(tmp_path):
    chapters = tuple(Chapter(start_ms=number * 7, title=f"{number}") for number in range(300))
    write_tags(sample("aac.m4a"), tmp_path / "a.m4a", make_tags(chapters=chapters))
    assert [mark.title for mark in read_tags(tmp_path / "a.m4a").chapters] == [mark.title for mark in chapters]
    assert moov(tmp_path / "a.m4a").find(b"udta", b"chpl").data[8] == 255


def test_chapter_list_with_late_start_keeps_its_times(tmp_path):
    chapters = (Chapter(start_ms=400, title="Late"), Chapter(start_ms=900, title="Later"))
    write_tags(sample("aac.m4a"), tmp_path / "a.m4a", make_tags(chapters=chapters))
    found = read_tags(tmp_path / "a.m4a").chapters
    assert [(mark.start_ms, mark.title) for mark in found] == [(400, "Late"), (900, "Later")]


def test_foreign_boxes_and_atoms_are_kept(tmp_path):
    data = sample("aac.m4a").read_bytes()
    uuid = (40).to_bytes(4, "big") + b"uuid" + bytes(range(32))
    (tmp_path / "a.m4a").write_bytes(data + uuid)
    write_tags(tmp_path / "a.m4a", tmp_path / "b.m4a", make_tags())
    assert uuid in (tmp_path / "b.m4a").read_bytes()
    assert dict(read_tags(tmp_path / "b.m4a").fields)["©too"] == dict(read_tags(sample("aac.m4a")).fields)["©too"]


def test_64_bit_offsets_are_moved(tmp_path):
    source = sample("aac.m4a").read_bytes()
    index = source.index(b"moov") - 4
    box = Box(b"moov", boxes=parse_boxes(source[index + 8 :]))
    for track in list_tracks(box):
        (table,) = track.stbl.children(b"stco")
        count = int.from_bytes(table.data[4:8], "big")
        wide = b"".join(table.data[8 + 4 * at : 12 + 4 * at].rjust(8, b"\0") for at in range(count))
        table.name, table.data = b"co64", table.data[:8] + wide
    (tmp_path / "a.m4a").write_bytes(source[:index] + box.render())
    write_tags(tmp_path / "a.m4a", tmp_path / "b.m4a", make_tags())
    assert probe_audio(tmp_path / "b.m4a").payload_sha256 == probe_audio(sample("aac.m4a")).payload_sha256


def test_link_is_a_hyperlink_over_the_whole_title(tmp_path):
    chapters = (Chapter(start_ms=0, title="Мир 🎙", url="https://example.org/ü"), Chapter(start_ms=900, title="Two"))
    write_tags(sample("aac.m4a"), tmp_path / "a.m4a", make_tags(chapters=chapters))
    assert [(mark.title, mark.url) for mark in read_tags(tmp_path / "a.m4a").chapters] == [
        ("Мир 🎙", "https://example.org/ü"),
        ("Two", ""),
    ]
    data = (tmp_path / "a.m4a").read_bytes()
    link = "https://example.org/ü".encode()
    at = data.index(b"href")
    assert data[at - 4 : at] == (8 + 5 + len(link) + 1).to_bytes(4, "big")
    # From the first letter to behind the last, then the address, then no words instead of it.
    assert data[at + 4 :].startswith(b"\0\0\0\5" + bytes([len(link)]) + link + b"\0")


def test_too_long_link_is_dropped(tmp_path):
    long = "https://example.org/" + "a" * 236
    chapters = (Chapter(start_ms=0, title="A", url=long), Chapter(start_ms=900, title="B", url=long[:-1]))
    write_tags(sample("aac.m4a"), tmp_path / "a.m4a", make_tags(chapters=chapters))
    assert [mark.url for mark in read_tags(tmp_path / "a.m4a").chapters] == ["", long[:-1]]


def test_chapter_may_have_only_a_link(tmp_path):
    chapters = (Chapter(start_ms=0, title="", url="https://example.org/"), Chapter(start_ms=900, title="B"))
    write_tags(sample("aac.m4a"), tmp_path / "a.m4a", make_tags(chapters=chapters))
    assert [(mark.start_ms, mark.url) for mark in read_tags(tmp_path / "a.m4a").chapters] == [
        (0, "https://example.org/"),
        (900, ""),
    ]


@pytest.mark.parametrize(
    "tail", [b"\0\0\0\x09href\0", b"\0\0\0\x0dhref\0\0\0\1\xff", b"\xff\xff\xff\xffhref", b"\0\0\0\0href"]
)
def test_broken_hyperlink_is_ignored(tail):
    assert marks_of(b"\0\1A" + tail) == ("A", "")


def marks_of(data):
    from podcast_kit.audio.mp4 import chapters

    return chapters._parse_text_sample(data)  # a sample is not to be had otherwise without a whole file
