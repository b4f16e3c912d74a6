import io
import json
import re
from pathlib import Path

import pysubs2
import pytest
import webvtt
from hypothesis import given, settings
from hypothesis import strategies as st

from podcast_kit.errors import InvalidInput
from podcast_kit.model import Cue
from podcast_kit.source import transcripts
from podcast_kit.text.timecode import format_timecode

GOLDEN = sorted(
    path for path in (Path(__file__).parents[1] / "golden/transcripts").iterdir() if path.suffix != ".expected"
)
letters = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp", "Cn", "Co"))
words = st.text(letters, min_size=1, max_size=60).map(lambda text: " ".join(text.split())).filter(bool)
speech = st.from_regex(r"[a-z][a-z]{0,40}( [a-z]{1,12}[,.]?){0,30}", fullmatch=True)
speakers = st.sampled_from(["", "Ann Lee", "Bob", "speaker 2", "Ludwig van Beethoven", "王", "O'Neill (host)"])


@st.composite
def cues(draw, text=words):
    """Consecutive cues."""
    drawn, now_ms = [], 0
    for pause_ms, length_ms, spoken, speaker in draw(
        st.lists(st.tuples(st.integers(0, 10**5), st.integers(1, 10**4), text, speakers), min_size=1, max_size=6)
    ):
        now_ms += pause_ms
        drawn.append(Cue(start_ms=now_ms, end_ms=now_ms + length_ms, text=spoken, speaker=speaker))
        now_ms += length_ms
    return drawn


def read(text, ending):
    return list(transcripts.parse_transcript(text.encode(), f"one.{ending}"))


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.name)
def test_parsed_transcript_equals_golden_file(path):
    parsed = transcripts.parse_transcript(path.read_bytes(), path.name)
    lines = [f"{cue.start_ms} {cue.end_ms} {cue.speaker!r} {cue.text!r}" for cue in parsed]
    assert lines == path.with_name(f"{path.name}.expected").read_text("utf-8").splitlines()


@given(cues())
def test_rendered_webvtt_is_parsed_back(written):
    assert read(transcripts.render_vtt(written), "vtt") == written


@given(cues())
def test_rendered_json_is_parsed_back(written):
    without_markup = [cue for cue in written if not set("<&") & set(cue.text)]
    if without_markup:
        assert read(transcripts.render_transcript_json(without_markup), "json") == without_markup


@settings(max_examples=40)
@given(cues(speech))
def test_subrip_keeps_words_speakers_and_times(written):
    parts = read(transcripts.render_srt(written), "srt")
    joined = []
    for cue in written:
        own = [part for part in parts if cue.start_ms <= part.start_ms < cue.end_ms]
        text = " ".join(part.text for part in own)
        joined.append((own[0].start_ms, own[-1].end_ms, {part.speaker for part in own}, text))
    assert joined == [(cue.start_ms, cue.end_ms, {cue.speaker}, cue.text) for cue in written]


@settings(max_examples=40)
@given(cues(speech))
def test_subrip_cues_have_at_most_two_lines_of_32_characters(written):
    for block in transcripts.render_srt(written).strip().split("\n\n"):
        rows = block.split("\n")[2:]
        assert len(rows) <= 2
        assert [row for row in rows if len(row) > 32 and " " in row.partition(": ")[2]] == []


@settings(max_examples=40)
@given(cues(speech))
def test_webvtt_lines_have_at_most_65_characters(written):
    rows = [row for row in transcripts.render_vtt(written).split("\n") if not row.startswith("<v ")]
    assert [row for row in rows if len(row) > 65] == []


@settings(max_examples=40)
@given(cues(speech))
def test_webvtt_py_parses_rendered_webvtt(written):
    captions = webvtt.from_buffer(io.StringIO(transcripts.render_vtt(written)))
    parsed = [(caption.start, caption.end, " ".join(caption.text.split()), caption.voice or "") for caption in captions]
    assert parsed == [
        (format_timecode(cue.start_ms), format_timecode(cue.end_ms), cue.text, cue.speaker) for cue in written
    ]


@settings(max_examples=40)
@given(cues(speech))
def test_pysubs2_parses_rendered_subrip(written):
    srt = transcripts.render_srt(written)
    lines = pysubs2.SSAFile.from_string(srt, format_="srt")
    parsed = read(srt, "srt")
    assert [(line.start, line.end) for line in lines] == [(cue.start_ms, cue.end_ms) for cue in parsed]
    texts = [line.plaintext.replace("\n", " ") for line in lines]
    assert [text for text, cue in zip(texts, parsed, strict=True) if not text.endswith(cue.text)] == []


@pytest.mark.parametrize("path", [path for path in GOLDEN if path.suffix == ".srt"], ids=lambda path: path.name)
def test_pysubs2_finds_the_same_times_in_lenient_files(path):
    written = re.sub("-+>", "-->", path.read_text("utf-8-sig"))  # the one mistake that pysubs2 does not accept
    lines = pysubs2.SSAFile.from_string(written, format_="srt")
    assert [line.start for line in lines] == [
        cue.start_ms for cue in transcripts.parse_transcript(path.read_bytes(), path.name)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ann: Hello", ("Ann", "Hello")),
        ("[the host]: Hello", ("the host", "Hello")),
        (">> BOB: Hello", ("BOB", "Hello")),
        ("Here is the thing: hello", ("", "Here is the thing: hello")),
        ("At 10:30 we met", ("", "At 10:30 we met")),
        ("https://a.example/", ("", "https://a.example/")),
        ("Ann:", ("", "Ann:")),
    ],
)
def test_speaker_is_distinguished_from_a_sentence(text, expected):
    (cue,) = read(f"1\n00:00:00,000 --> 00:00:01,000\n{text}\n", "srt")
    assert (cue.speaker, cue.text) == expected


def test_plain_text_has_a_paragraph_per_speaker():
    speeches = [
        Cue(start_ms=0, end_ms=1, text="a", speaker="Ann"),
        Cue(start_ms=1, end_ms=2, text="b", speaker="Ann"),
        Cue(start_ms=2, end_ms=3, text="c", speaker="Bob"),
    ]
    assert transcripts.render_transcript_text(speeches) == "Ann: a b\n\nBob: c\n"


@pytest.mark.parametrize(
    ("ending", "text", "line"),
    [
        ("vtt", "WEBVTT\n\n00:00:05.000 --> 00:00:01.000\nx\n", 3),
        ("vtt", "WEBVTT\n\nsoon --> later\nx\n", 3),
        ("vtt", "WEBVTT\n", 1),
        ("srt", "just text", 1),
        ("json", "{", 1),
        ("json", '{"segments": [{"startTime": "x", "body": "y"}]}', 1),
        ("json", '{"segments": [{"startTime": 1e400, "body": "y"}]}', 1),
        ("json", "[" * 100_000, 1),
        ("json", "7", 1),
        ("html", "<p></p>", 1),
        ("txt", "", 1),
    ],
)
def test_invalid_transcript_is_reported_with_its_line(ending, text, line):
    with pytest.raises(InvalidInput) as caught:
        read(text, ending)
    assert [(problem.location.line, problem.code) for problem in caught.value.problems] == [(line, "tr.grammar")]


@given(
    st.sampled_from(sorted(transcripts.TRANSCRIPT_MIMES)),
    st.text(alphabet=st.sampled_from('WEBVTT-->0123:.,\n <v>&;/{}[]"abcste'), max_size=120),
)
def test_any_text_is_a_transcript_or_invalid_input(ending, text):
    try:
        starts = [cue.start_ms for cue in read(text, ending)]
        assert starts == sorted(starts)
    except InvalidInput as error:
        assert {problem.code for problem in error.problems} == {"tr.grammar"}  # noqa: PT017 -- both outcomes are right


@pytest.mark.parametrize(
    ("ending", "text"),
    [
        ("vtt", "WEBVTT\n\n00:00.000 --> 00:01.000\n" + "<v." * 200_000),
        ("vtt", "WEBVTT\n\n00:00.000 --> 00:01.000\n" + "<v a" * 200_000),
        ("srt", "1\n00:00:00 --> " + " " * 500_000 + "\n"),
        ("srt", "1\n00:00:00,0 --> 00:00:01,0\n" + "A " * 300_000),
        ("html", "<p>" * 200_000),
        ("html", "<" * 500_000),
        ("html", "<![x[ <p>words</p>"),
        ("txt", "[00:" * 200_000),
        ("json", json.dumps([{"start": n, "text": "x"} for n in range(100_000)])),
    ],
)
def test_hostile_transcripts_are_parsed_or_rejected(ending, text):
    try:
        assert read(text, ending)
    except InvalidInput as error:
        assert error.problems  # noqa: PT017 -- both outcomes are right


def test_transcript_mime_types():
    assert transcripts.TRANSCRIPT_MIMES["srt"] == "application/x-subrip"
    assert transcripts.TRANSCRIPT_MIMES["vtt"] == "text/vtt"
