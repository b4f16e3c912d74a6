"""Tags of an MP3 are kept unless replaced, and new ones are ID3v2.3 that every program reads."""

import io
import shutil
import struct
import subprocess

import pytest

from podcast_kit.audio import probe_audio, read_tags, write_tags
from podcast_kit.audio.mp3 import frame_scan, id3, id3_frames
from podcast_kit.model import Chapter, Cover, LocalFile, Tags
from tests.support.audio_samples import JPEG, make_tags, sample

BARE = Tags(title="T", show="S")


def tagged_source(path, *frames, version=3, flags=0, more=b""):
    """A real MP3 after a tag with these frames."""
    body = b"".join(frames)
    size = bytes(len(body) >> shift & 0x7F for shift in (21, 14, 7, 0))
    path.write_bytes(b"ID3" + bytes([version, 0, flags]) + size + body + more + sample("cbr.mp3").read_bytes())
    return path


def frame4(name, payload):
    """A frame of 2.4: its size is synchsafe."""
    size = bytes(len(payload) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return name + size + b"\0\0" + payload


def written(path):
    """Name and payload of each frame of a copy."""
    data = path.read_bytes()
    assert data[:6] == b"ID3\x03\0\0"
    size = data[6] << 21 | data[7] << 14 | data[8] << 7 | data[9]
    found = [(name, payload) for name, _, payload in id3_frames.parse_frames(data[10 : 10 + size])]
    assert sum(10 + len(payload) for _, payload in found) == size, "no frame is lost and no padding is written"
    assert data[10 + size : 13 + size] in frame_scan.FRAME_HEADERS
    return found


def text(payload):
    """The text of a text frame; mutagen ends it with a NUL, which 2.3 allows."""
    words = payload[1:].decode("utf-16-le" if payload[0] else "latin-1")
    return words.replace("\ufeff", "").removesuffix("\0")


FOREIGN = [
    id3_frames.id3_frame("PRIV", b"www.example.org\0\x01\x02\x03"),
    id3_frames.id3_frame("TXXX", b"\0REPLAYGAIN_TRACK_GAIN\0-3.2 dB"),
    id3_frames.id3_frame("COMM", b"\0engiTunNORM\0 00000A"),
    id3_frames.id3_frame("GEOB", b"\0application/x\0\0\0stuff"),
    id3_frames.id3_frame("POPM", b"me@example.org\0\xff\0\0\0\1"),
    id3_frames.id3_frame("XYZQ", b"of a program that nobody knows"),
    id3_frames.id3_frame("TSSE", b"\0LAME 3.100"),
    id3_frames.id3_frame("TIPL", b"\0producer\0Grace"),
    id3_frames.id3_frame("USLT", b"\0eng\0all that was said"),
    id3_frames.id3_frame("APIC", b"\0image/png\0\x04\0back cover"),
]
REPLACED = [
    id3_frames.id3_frame("TIT2", b"\0Old title"),
    id3_frames.id3_frame("TYER", b"\x001999"),
    id3_frames.id3_frame("TIME", b"\x001200"),
    id3_frames.id3_frame("TDRC", b"\x001999"),
    id3_frames.id3_frame("COMM", b"\0deu\0Alter Kommentar"),
    id3_frames.id3_frame("APIC", b"\0image/png\0\x03\0old cover"),
    id3_frames.id3_frame("TXXX", b"\0ITUNESADVISORY\x000"),
    id3_frames.id3_frame("CTOC", b"x\0\x03\x01y\0"),
    id3_frames.id3_frame("CHAP", b"y\0" + bytes(16)),
    id3_frames.id3_frame("WFED", b"\0https://old.example.org/feed"),
]


def test_foreign_frames_are_kept_byte_for_byte_and_own_frames_replaced(tmp_path):
    source = tagged_source(tmp_path / "a.mp3", *REPLACED, *FOREIGN)
    write_tags(source, tmp_path / "b.mp3", make_tags(transcript=""))
    found = [id3_frames.id3_frame(name, payload) for name, payload in written(tmp_path / "b.mp3")]
    assert [frame for frame in found if frame in FOREIGN] == FOREIGN
    assert [frame for frame in found if frame in REPLACED] == []


def test_frames_without_a_new_value_are_kept(tmp_path):
    source = tagged_source(tmp_path / "a.mp3", *REPLACED[1:], *FOREIGN)
    write_tags(source, tmp_path / "b.mp3", BARE)
    found = [id3_frames.id3_frame(name, payload) for name, payload in written(tmp_path / "b.mp3")]
    assert [frame for frame in found if frame in REPLACED] == REPLACED[1:]


def test_id3v24_is_converted_to_id3v23_without_loss(tmp_path):
    id3_frames = [
        frame4(b"TIT2", b"\x03Old"),
        frame4(b"TDRC", b"\x032020-05-06T00:07"),
        frame4(b"TIPL", b"\x03producer\0Grace"),
        frame4(b"TSOA", "\x03Шоу".encode()),
        frame4(b"TMOO", b"\x03calm"),
        frame4(b"TXXX", "\x03mood\0ruhig – still".encode()),
        frame4(b"PRIV", b"owner\0" + bytes(200)),
        frame4(b"TPE3", b"\x03Ann\0Ben"),
    ]
    write_tags(tagged_source(tmp_path / "a.mp3", *id3_frames, version=4), tmp_path / "b.mp3", BARE)
    found = dict(written(tmp_path / "b.mp3"))
    assert [text(found[name]) for name in ("TYER", "TDAT", "TIME")] == ["2020", "0605", "0007"]
    assert text(found["TSOA"]) == "Шоу"
    assert text(found["TXXX"]) == "mood\0ruhig – still"
    assert "Grace".encode("utf-16-le") in found["IPLS"]
    assert "TMOO" in found
    assert found["PRIV"] == b"owner\0" + bytes(200)
    assert text(found["TPE3"]) == "Ann/Ben"
    assert "TDRC" not in found


def test_id3v22_is_read_and_kept(tmp_path):
    old = b"TT2\0\0\x04\0Old" + b"TP3\0\0\x04\0Ann" + b"TCM\0\0\x04\0Bob"
    write_tags(tagged_source(tmp_path / "a.mp3", old, version=2), tmp_path / "b.mp3", BARE)
    found = dict(written(tmp_path / "b.mp3"))
    assert found["TIT2"] == b"\0T"
    assert text(found["TCOM"]) == "Bob"


def test_unsynchronised_tag_is_resynchronised(tmp_path):
    frame = id3_frames.id3_frame("PRIV", b"owner\0\xff\xe0\xff\0")
    write_tags(
        tagged_source(tmp_path / "a.mp3", frame.replace(b"\xff\xe0\xff\0", b"\xff\0\xe0\xff\0\0"), flags=0x80),
        tmp_path / "b.mp3",
        BARE,
    )
    assert dict(written(tmp_path / "b.mp3"))["PRIV"] == b"owner\0\xff\xe0\xff\0"


def test_first_of_two_tags_wins_and_nothing_is_lost(tmp_path):
    second = id3_frames.id3_frame("TPE1", b"\0Second") + id3_frames.id3_frame("TCOM", b"\0Carl")
    more = b"ID3\x03\0\0\0\0\0" + bytes([len(second)]) + second
    source = tagged_source(tmp_path / "a.mp3", id3_frames.id3_frame("TPE1", b"\0First"), more=more)
    write_tags(source, tmp_path / "b.mp3", BARE)
    found = written(tmp_path / "b.mp3")
    assert [payload for name, payload in found if name == "TPE1"] == [b"\0First"]
    assert dict(found)["TCOM"] == b"\0Carl"


def test_id3v1_is_removed_and_replay_gain_kept(tmp_path):
    ape = b"APETAGEX\xd0\x07\0\0\x3b\0\0\0\1\0\0\0\0\0\0\xa0" + bytes(8)
    ape += b"\x09\0\0\0\0\0\0\0MP3GAIN_X\x000,0,0,0,0" + b"APETAGEX\xd0\x07\0\0\x3b\0\0\0\1\0\0\0\0\0\0\x80" + bytes(8)
    (tmp_path / "a.mp3").write_bytes(sample("cbr.mp3").read_bytes() + ape + b"TAG" + b"Old title".ljust(125, b"\0"))
    write_tags(tmp_path / "a.mp3", tmp_path / "b.mp3", BARE)
    data = (tmp_path / "b.mp3").read_bytes()
    assert b"Old title" not in data
    assert probe_audio(tmp_path / "b.mp3").payload_sha256 == probe_audio(sample("cbr.mp3")).payload_sha256


@pytest.mark.parametrize(
    ("title", "encoding"), [("Plain", 0), ("Wer hört zu?", 0), ("“Ω”", 1), ("🎙 live", 1), ("Мир", 1)]
)
def test_text_is_latin1_if_possible_else_utf16_with_bom(tmp_path, title, encoding):
    write_tags(sample("cbr.mp3"), tmp_path / "a.mp3", Tags(title=title, show="S"))
    payload = dict(written(tmp_path / "a.mp3"))["TIT2"]
    assert payload[0] == encoding
    assert payload[1:].decode("utf-16" if encoding else "latin-1") == title
    assert read_tags(tmp_path / "a.mp3").title == title


def test_characters_that_tags_cannot_hold_are_removed(tmp_path):
    tags = Tags(title="a\0b\nc\ud800", show="S", comment="one\r\ntwo\x07", link="https://example.org/ä\n")
    write_tags(sample("cbr.mp3"), tmp_path / "a.mp3", tags)
    found = dict(written(tmp_path / "a.mp3"))
    assert found["TIT2"] == b"\0ab c"
    assert found["COMM"] == b"\0und\0one\ntwo"
    assert found["WOAF"] == "https://example.org/ä".encode("latin-1")


def test_urls_have_no_trailing_nul_and_the_feed_url_is_a_text_frame(tmp_path):
    write_tags(sample("cbr.mp3"), tmp_path / "a.mp3", make_tags())
    found = dict(written(tmp_path / "a.mp3"))
    assert found["WOAF"] == b"https://example.org/episodes/7/"
    assert found["WFED"] == b"\0https://example.org/feed.xml"
    assert found["PCST"] == b"\0\0\0\0"


def test_ctoc_comes_first_and_chap_frames_in_time_order(tmp_path):
    marks = tuple(Chapter(start_ms=start, title="x" * (100 - start // 10)) for start in (900, 0, 300, 600))
    write_tags(sample("cbr.mp3"), tmp_path / "a.mp3", make_tags(chapters=marks))
    names = [(name, payload) for name, payload in written(tmp_path / "a.mp3") if name in {"CTOC", "CHAP"}]
    assert names[0] == ("CTOC", b"toc\0\x03\x04ch0\0ch1\0ch2\0ch3\0")
    times = [struct.unpack(">II", payload[4:12]) for _, payload in names[1:]]
    assert times == [(0, 300), (300, 600), (600, 900), (900, 2340)]


def test_long_chapter_list_becomes_nested_ctoc(tmp_path):
    marks = tuple(Chapter(start_ms=number * 3, title=f"{number}") for number in range(700))
    write_tags(sample("cbr.mp3"), tmp_path / "a.mp3", make_tags(chapters=marks))
    contents = [payload for name, payload in written(tmp_path / "a.mp3") if name == "CTOC"]
    assert contents[0] == b"toc\0\x03\x03toc0\0toc1\0toc2\0"
    assert [payload[:8] for payload in contents[1:]] == [
        b"toc0\0\x01\xfech0"[:8],
        b"toc1\0\x01\xfech"[:8],
        b"toc2\0\x01\xc0c",
    ]
    found = read_tags(tmp_path / "a.mp3").chapters
    assert [(mark.start_ms, mark.title, mark.toc) for mark in found] == [
        (mark.start_ms, mark.title, True) for mark in marks
    ]


def test_chapter_after_the_end_is_dropped(tmp_path):
    marks = (Chapter(start_ms=0, title="A"), Chapter(start_ms=99_000, title="B"))
    write_tags(sample("cbr.mp3"), tmp_path / "a.mp3", make_tags(chapters=marks))
    assert [mark.title for mark in read_tags(tmp_path / "a.mp3").chapters] == ["A"]


def test_embedded_chapters_and_images_are_read_back(tmp_path):
    write_tags(sample("cbr.mp3"), tmp_path / "a.mp3", make_tags())
    found = read_tags(tmp_path / "a.mp3")
    assert found.pictures == ((LocalFile("chapter-4.jpg"), Cover(data=JPEG, mime="image/jpeg")),)
    again = make_tags(chapters=found.chapters, images=found.pictures)
    assert write_tags(tmp_path / "a.mp3", tmp_path / "b.mp3", again) == write_tags(
        sample("cbr.mp3"), tmp_path / "c.mp3", make_tags()
    )


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg decodes what must not change")
def test_tagging_keeps_every_sample(tmp_path):
    write_tags(
        sample("vbr.mp3"), tmp_path / "a.mp3", make_tags(cover=Cover(data=JPEG.ljust(900_000), mime="image/jpeg"))
    )

    def heard(path):
        return subprocess.run(
            ["ffmpeg", "-v", "error", "-i", path, "-map", "0:a", "-f", "s16le", "-"], capture_output=True, check=True
        )

    assert heard(tmp_path / "a.mp3").stdout == heard(sample("vbr.mp3")).stdout


def test_mutagen_reads_written_tags(tmp_path):
    from mutagen.id3 import ID3

    write_tags(sample("cbr.mp3"), tmp_path / "a.mp3", make_tags())
    found = ID3(io.BytesIO((tmp_path / "a.mp3").read_bytes()), translate=False)
    assert found.version == (2, 3, 0)
    assert str(found["TIT2"]) == make_tags().title
    assert [str(one.sub_frames["TIT2"]) for one in sorted(found.getall("CHAP"), key=lambda one: one.start_time)] == [
        mark.title for mark in make_tags().chapters
    ]


TEXTS = [
    "Words – and more",
    "Grüße 🎙️ and 日本語",
    "a\ufeffb",
    "ends with NULs\0\0",
    "two\0texts",
    "",
    "\ufeff",
    "0\n1\r\n2",
]
UNUSUAL_TEXTS = [
    b"\xff\xfea\0\xd8\xd8",  # half of a pair
    b"\xff\xfea\0b",  # half of a character
    b"\xfe\xff\0a\0b",  # big-endian
    b"a\0b\0",  # without a mark
    b"\xff\xfea\0\0\0\xff\xfeb\0",  # two texts with a mark each
    b"\xff\xfe",
    b"",
]


@pytest.mark.parametrize("text_bytes", [*(b"\xff\xfe" + text.encode("utf-16-le") for text in TEXTS), *UNUSUAL_TEXTS])
def test_texts_in_utf_16_are_read_as_mutagen_reads_them(text_bytes, monkeypatch):
    frames = [
        id3_frames.id3_frame("TIT2", b"\x01" + text_bytes),
        id3_frames.id3_frame("COMM", b"\x01eng\xff\xfe\0\0" + text_bytes),
        id3_frames.id3_frame("COMM", b"\x01eng\xff\xfed\0\0\0" + text_bytes),
        id3_frames.id3_frame("USLT", b"\x01eng\xff\xfe\0\0" + text_bytes),
        id3_frames.id3_frame("TXXX", b"\x01\xff\xfed\0\0\0" + text_bytes),
        id3_frames.id3_frame("TYER", b"\x01" + text_bytes),
        id3_frames.apic_frame(Cover(data=JPEG, mime="image/jpeg")),
    ]
    tag = b"".join(id3_frames.join_id3_tag([*frames, bytes(20)]))
    values = id3.from_frames(tag)
    monkeypatch.setattr(id3_frames, "with_utf8_texts", lambda tag: tag)
    assert values == id3.from_frames(tag)


def test_mutagen_decodes_no_utf_16_of_our_own_tags():
    tags = make_tags(title="Words – more", comment="Words – more", transcript="Words – more")
    tag = id3_frames.with_utf8_texts(b"".join(id3_frames.join_id3_tag(id3_frames.to_frames(tags))))
    assert not [name for name, _, payload in id3_frames.parse_frames(tag[10:]) if payload[:1] == b"\x01"]
    assert id3.from_frames(tag).title == "Words – more"


@pytest.mark.parametrize("version", [2, 4])
def test_tags_of_other_versions_and_those_that_are_cut_off_are_read_as_they_are(version):
    tag = b"".join(id3_frames.join_id3_tag([id3_frames.text_frame("TIT2", "Words – more")]))
    other = tag[:3] + bytes([version]) + tag[4:]
    assert id3_frames.with_utf8_texts(other) == other
    assert id3_frames.with_utf8_texts(tag[:-2]) == tag[:-2]
