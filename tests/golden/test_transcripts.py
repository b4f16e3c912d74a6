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

FOLDERS = [Path(__file__).parents[1] / "golden" / name for name in ("transcripts", "foreign_transcripts")]
GOLDEN = sorted(path for folder in FOLDERS for path in folder.iterdir() if path.suffix != ".expected")
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


@pytest.mark.parametrize(
    "path", [path for path in GOLDEN if path.suffix == ".srt" and path.stem != "rolling"], ids=lambda path: path.name
)
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


def reported(data, name):
    return [(problem.location.line, problem.code, str(problem.severity)) for problem in problems_of(data, name)]


def problems_of(data, name):
    return transcripts.read_transcript(data, name).problems


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("ending", ["srt", "vtt", "json", "html", "txt"])
def test_transcripts_in_other_encodings_are_read_with_a_warning(encoding, ending):
    cue = Cue(start_ms=1000, end_ms=4000, text="Café “one” – naïve", speaker="Zoë")
    written = {
        "srt": transcripts.render_srt([cue]),
        "vtt": transcripts.render_vtt([cue]),
        "json": transcripts.render_transcript_json([cue]),
        "html": "<cite>Zoë:</cite><time>0:01</time><p>Café “one” – naïve</p>",
        "txt": "[0:01] Zoë: Café “one” – naïve",
    }[ending]
    source = transcripts.read_transcript(written.encode(encoding), f"a.{ending}")
    assert (source.cues[0].text, source.cues[0].speaker) == (cue.text, cue.speaker)
    is_utf8 = encoding == "utf-8-sig"
    assert [problem.code for problem in source.problems] == ([] if is_utf8 else ["file.encoding"])
    assert source.is_standard is is_utf8


def test_warning_of_an_encoding_shows_what_was_read():
    (problem,) = problems_of("1\n00:00:00,000 --> 00:00:04,000\nCafé\n".encode("cp1252"), "a.srt")
    assert (problem.location.line, problem.text) == (
        3,
        "is not UTF-8, and was read as Windows-1252: line 3 is 'Café'",
    )


def test_binary_data_is_not_a_transcript():
    with pytest.raises(InvalidInput) as caught:
        transcripts.read_transcript(b"ID3\x00\xff\xfe\x00\x00\x81\x00abc", "a.srt")
    assert [problem.code for problem in caught.value.problems] == ["file.encoding"]


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("blank-in-cue.srt", [4]),
        ("zero-length.srt", [2]),
        ("rolling.vtt", [9]),
        ("rolling.srt", [6]),
        ("frames.vtt", [3]),
        ("empty-lines.vtt", [5]),
        ("repeated.vtt", []),
        ("voices.vtt", []),
        ("loose.srt", []),
        ("otter.txt", []),
    ],
)
def test_what_apps_would_not_understand_is_reported_with_its_line(name, lines):
    data = next(path for path in GOLDEN if path.name == name).read_bytes()
    assert reported(data, name) == [(line, "tr.repaired", "hint") for line in lines]
    assert transcripts.read_transcript(data, name).is_standard is not bool(lines)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("00:00.000 --> 00:01.000\nNo header.\n", 1),
        ("WEBVTT\n\n00:02.000 --> 00:03.000\nTwo.\n\n00:00.000 --> 00:01.000\nOne.\n", 3),
    ],
)
def test_webvtt_that_apps_refuse_is_repaired(text, line):
    assert reported(text.encode(), "a.vtt") == [(line, "tr.repaired", "hint")]


@pytest.mark.parametrize("path", [path for path in GOLDEN if path.suffix == ".json"], ids=lambda path: path.name)
def test_only_the_namespaces_json_is_published_as_it_is(path):
    source = transcripts.read_transcript(path.read_bytes(), path.name)
    assert not source.is_standard  # the golden file of the namespace has a segment without an end
    rendered = transcripts.render_transcript_json(source.cues)
    again = transcripts.read_transcript(rendered.encode(), "a.json")
    assert (again.is_standard, again.problems) == (True, ())
    assert [cue.text for cue in again.cues] == [cue.text for cue in source.cues if cue.text]


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.name)
def test_every_cue_of_a_timed_transcript_has_a_length(path):
    cues = transcripts.parse_transcript(path.read_bytes(), path.name)
    if any(cue.start_ms for cue in cues):
        assert [cue for cue in cues if cue.end_ms <= cue.start_ms] == []


CUE_GAPS = ("", "\n", "\n\n", " \n")


@given(
    st.sampled_from(["srt", "vtt"]),
    st.lists(
        st.tuples(st.integers(0, 9), st.integers(0, 9), st.lists(st.sampled_from(CUE_GAPS), max_size=3)), min_size=1
    ),
)
def test_no_cue_and_no_word_disappears(ending, written):
    rows, spoken, count = ["WEBVTT", ""] if ending == "vtt" else [], [], 0
    for number, (start, length, gaps) in enumerate(written, 1):
        words = [f"word{number}x{part}" for part in range(len(gaps) + 1)]
        text = words[0] + "".join(f"\n{gap}{word}" for gap, word in zip(gaps, words[1:], strict=True))
        mark = "." if ending == "vtt" else ","
        rows += [str(number), f"00:00:0{start}{mark}000 --> 00:00:{start + length:02}{mark}000", *text.split("\n"), ""]
        spoken += words
        count += 1
    source = transcripts.read_transcript("\n".join(rows).encode(), f"a.{ending}")
    assert len(source.cues) == count
    assert sorted(word for cue in source.cues for word in cue.text.split()) == sorted(spoken)
    assert all(cue.end_ms > cue.start_ms for cue in source.cues)
    needs_repair = any(length == 0 for _, length, _ in written) or any(
        gap and (ending == "srt" or gap != " \n") for _, _, gaps in written for gap in gaps
    )
    starts = [start for start, _, _ in written]
    assert bool(source.problems) is (needs_repair or starts != sorted(starts))
