from hypothesis import given
from hypothesis import strategies as st

from podcast_kit.model import Cue
from podcast_kit.site import transcript
from tests.support.site_factories import make_item, make_transcript

cue_lists = st.lists(
    st.builds(
        lambda start, text, speaker: Cue(start_ms=start, end_ms=start + 1, text=text, speaker=speaker),
        st.integers(0, 10**7),
        st.text(max_size=200),
        st.sampled_from(["", "Ann", "Bo"]),
    ),
    max_size=30,
)


@given(cue_lists)
def test_paragraphs_have_every_word_once(cues):
    joined = " ".join(line.text for line in transcript.group_into_paragraphs(cues))
    assert joined.split() == " ".join(cue.text for cue in cues).split()


@given(cue_lists)
def test_every_paragraph_starts_with_a_cue(cues):
    assert {line.start_ms for line in transcript.group_into_paragraphs(cues)} <= {cue.start_ms for cue in cues}


def test_a_new_speaker_starts_a_paragraph_and_is_named_once():
    cues = [
        Cue(start_ms=at * 1000, end_ms=at * 1000 + 900, text=text, speaker=speaker)
        for at, (speaker, text) in enumerate(
            [("Ann", "Hello."), ("Ann", "There."), ("Bo", "Hi."), ("", "Well."), ("Ann", "So.")]
        )
    ]
    lines = [(line.start_ms, line.speaker, line.text) for line in transcript.group_into_paragraphs(cues)]
    assert lines == [(0, "Ann", "Hello. There."), (2000, "Bo", "Hi. Well."), (4000, "Ann", "So.")]


def test_long_speech_is_split_after_sentences():
    lines = transcript.group_into_paragraphs(make_transcript(*["A sentence of some length, and not more."] * 60).cues)
    assert all(300 < len(line.text) < 900 for line in lines[:-1])
    assert [line.speaker for line in lines] == ["Ada", *[""] * (len(lines) - 1)]


def test_the_first_transcript_that_has_cues_is_shown():
    item = make_item(transcripts=(make_transcript(), make_transcript("Hello.")))
    assert [cue.text for cue in transcript.shown_cues(item)] == ["Hello."]
