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
from podcast_kit.problem_codes import PROBLEM_CODES
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
    """Cues one after the other."""
    found, at = [], 0
    for start, length, said, who in draw(
        st.lists(st.tuples(st.integers(0, 10**5), st.integers(1, 10**4), text, speakers), min_size=1, max_size=6)
    ):
        at += start
        found.append(Cue(start_ms=at, end_ms=at + length, text=said, speaker=who))
        at += length
    return found


def read(text, ending):
    return list(transcripts.parse_transcript(text.encode(), f"one.{ending}"))


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.name)
def test_a_transcript_is_read_as_the_golden_file_has_it(path):
    found = transcripts.parse_transcript(path.read_bytes(), path.name)
    said = [f"{one.start_ms} {one.end_ms} {one.speaker!r} {one.text!r}" for one in found]
    assert said == path.with_name(f"{path.name}.expected").read_text("utf-8").splitlines()


@given(cues())
def test_webvtt_that_is_written_is_read_back(found):
    assert read(transcripts.render_vtt(found), "vtt") == found


@given(cues())
def test_json_that_is_written_is_read_back(found):
    plain = [one for one in found if not set("<&") & set(one.text)]
    if plain:
        assert read(transcripts.render_transcript_json(plain), "json") == plain


@settings(max_examples=40)
@given(cues(speech))
def test_subrip_keeps_every_word_its_speaker_and_the_time(found):
    parts = read(transcripts.render_srt(found), "srt")
    said, at = [], 0
    for one in found:
        mine = []
        while at < len(parts) and parts[at].start_ms < one.end_ms:
            mine.append(parts[at])
            at += 1
        said.append(
            (mine[0].start_ms, mine[-1].end_ms, {part.speaker for part in mine}, " ".join(part.text for part in mine))
        )
    assert said == [(one.start_ms, one.end_ms, {one.speaker}, one.text) for one in found]


@settings(max_examples=40)
@given(cues(speech))
def test_subrip_has_two_rows_of_32_characters_where_words_allow(found):
    for block in transcripts.render_srt(found).strip().split("\n\n"):
        rows = block.split("\n")[2:]
        assert len(rows) <= 2
        assert [row for row in rows if len(row) > 32 and " " in row.partition(": ")[2]] == []


@settings(max_examples=40)
@given(cues(speech))
def test_webvtt_has_rows_of_65_characters(found):
    rows = [row for row in transcripts.render_vtt(found).split("\n") if not row.startswith("<v ")]
    assert [row for row in rows if len(row) > 65] == []


@settings(max_examples=40)
@given(cues(speech))
def test_webvtt_py_reads_what_is_written(found):
    captions = webvtt.from_buffer(io.StringIO(transcripts.render_vtt(found)))
    said = [(one.start, one.end, " ".join(one.text.split()), one.voice or "") for one in captions]
    assert said == [
        (format_timecode(one.start_ms), format_timecode(one.end_ms), one.text, one.speaker) for one in found
    ]


@settings(max_examples=40)
@given(cues(speech))
def test_pysubs2_reads_what_is_written(found):
    written = transcripts.render_srt(found)
    lines = pysubs2.SSAFile.from_string(written, format_="srt")
    ours = read(written, "srt")
    assert [(line.start, line.end) for line in lines] == [(one.start_ms, one.end_ms) for one in ours]
    assert [line.plaintext.replace("\n", " ").endswith(one.text) for line, one in zip(lines, ours, strict=True)] == [
        True
    ] * len(ours)


@pytest.mark.parametrize("path", [path for path in GOLDEN if path.suffix == ".srt"], ids=lambda path: path.name)
def test_pysubs2_hears_the_same_times_in_a_loose_file(path):
    written = re.sub("-+>", "-->", path.read_text("utf-8-sig"))  # the one looseness that it does not forgive
    lines = pysubs2.SSAFile.from_string(written, format_="srt")
    assert [line.start for line in lines] == [one.start_ms for one in transcripts.parse_transcript(path.read_bytes(), path.name)]


@pytest.mark.parametrize(
    ("text", "said"),
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
def test_a_speaker_is_told_from_a_sentence(text, said):
    (cue,) = read(f"1\n00:00:00,000 --> 00:00:01,000\n{text}\n", "srt")
    assert (cue.speaker, cue.text) == said


def test_plain_text_has_a_paragraph_a_speech():
    found = [
        Cue(start_ms=0, end_ms=1, text="a", speaker="Ann"),
        Cue(start_ms=1, end_ms=2, text="b", speaker="Ann"),
        Cue(start_ms=2, end_ms=3, text="c", speaker="Bob"),
    ]
    assert transcripts.render_transcript_text(found) == "Ann: a b\n\nBob: c\n"


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
def test_what_is_no_transcript_is_told_with_its_line(ending, text, line):
    with pytest.raises(InvalidInput) as caught:
        read(text, ending)
    assert [(problem.location.line, problem.code) for problem in caught.value.problems] == [(line, "tr.grammar")]


@given(
    st.sampled_from(sorted(transcripts.TRANSCRIPT_MIMES)),
    st.text(alphabet=st.sampled_from('WEBVTT-->0123:.,\n <v>&;/{}[]"abcste'), max_size=120),
)
def test_any_text_is_a_transcript_or_invalid_input(ending, text):
    codes = set()
    try:
        found = read(text, ending)
        assert [one.start_ms for one in found] == sorted(one.start_ms for one in found)
    except InvalidInput as error:
        codes = {problem.code for problem in error.problems}
    assert codes <= PROBLEM_CODES.keys()


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
def test_hostile_transcripts_end_soon(ending, text):
    try:
        assert read(text, ending)
    except InvalidInput as error:
        assert error.problems  # noqa: PT017 -- either end is right


def test_a_transcript_has_its_type_by_its_ending():
    assert transcripts.TRANSCRIPT_MIMES["srt"] == "application/x-subrip"
    assert transcripts.TRANSCRIPT_MIMES["vtt"] == "text/vtt"
