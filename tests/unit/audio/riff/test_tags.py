"""Markers in a WAV or AIFF become chapters; texts and ID3 chunks are read."""

import struct

from podcast_kit.audio import inspect_audio, probe_audio, read_tags
from podcast_kit.audio.mp3 import id3_frames
from podcast_kit.model import Chapter
from tests.support.audio_samples import CHAPTERS, make_tags, sample


def chunk(name, data, order="little"):
    return name + len(data).to_bytes(4, order) + data + b"\0" * (len(data) % 2)


def wav(tmp_path, *chunks):
    path = tmp_path / "a.wav"
    path.write_bytes(sample("speech.wav").read_bytes() + b"".join(chunks))
    return path


def cues(*places):
    rows = b"".join(struct.pack("<II4sIII", number, at, b"data", 0, 0, at) for number, at in enumerate(places))
    return chunk(b"cue ", len(places).to_bytes(4, "little") + rows)


def labels(*names):
    rows = (chunk(b"labl", number.to_bytes(4, "little") + name + b"\0") for number, name in enumerate(names))
    return chunk(b"LIST", b"adtl" + b"".join(rows))


def test_cue_points_with_labels_are_chapters(tmp_path):
    path = wav(tmp_path, cues(8000, 0, 12000), labels("Зwei".encode(), b"One", b""))
    assert read_tags(path).chapters == (
        Chapter(start_ms=0, end_ms=1000, title="One"),
        Chapter(start_ms=1000, title="Зwei"),
    )
    assert [problem.code for problem in inspect_audio(path).problems] == ["au.convert"]


def test_cue_points_without_labels_are_ignored(tmp_path):
    assert read_tags(wav(tmp_path, cues(0, 500, 900))).chapters == ()


def test_wav_info_texts_are_read(tmp_path):
    texts = chunk(b"LIST", b"INFO" + chunk(b"INAM", b"A title\0") + chunk(b"IART", b"Ada\0") + chunk(b"ICRD", b"2026"))
    found = read_tags(wav(tmp_path, texts))
    assert (found.title, found.author, found.date) == ("A title", "Ada", "2026")


def test_id3_chunk_is_read(tmp_path):
    content = [*id3_frames.to_frames(make_tags()), *id3_frames.chapter_frames(make_tags(), 2340)]
    path = wav(tmp_path, chunk(b"id3 ", b"".join(id3_frames.join_id3_tag(content))))
    found = read_tags(path)
    assert (found.title, found.number) == (make_tags().title, 7)
    assert [mark.title for mark in found.chapters] == [mark.title for mark in CHAPTERS]
    assert probe_audio(path).payload_sha256 == probe_audio(sample("speech.wav")).payload_sha256


def test_aiff_markers_and_texts_are_read(tmp_path):
    marks = b"\0\2" + b"\0\1" + (8000).to_bytes(4, "big") + b"\3Two" + b"\0\2" + bytes(4) + b"\4Four\0"
    path = tmp_path / "a.aiff"
    more = chunk(b"MARK", marks, "big") + chunk(b"NAME", b"A title", "big")
    path.write_bytes(sample("speech.aiff").read_bytes() + more)
    found = read_tags(path)
    assert found.title == "A title"
    assert [(mark.start_ms, mark.title) for mark in found.chapters] == [(0, "Four"), (1000, "Two")]
