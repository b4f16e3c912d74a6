"""Values that go to another process arrive as they were, whatever they are."""

import pickle
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from podcast_kit import model
from podcast_kit.errors import Problem, SourceLocation
from podcast_kit.io.fast_pickle import dump_pickle
from podcast_kit.model.transfer import set_folder


def sent(value):
    return pickle.loads(dump_pickle(value))


@dataclass(frozen=True, slots=True)
class Counted:
    number: int
    squares: tuple = field(default=(), compare=False)

    def __post_init__(self):
        object.__setattr__(self, "squares", (*self.squares, self.number**2))


@dataclass(frozen=True, slots=True)
class Longer(Counted):
    name: str = ""


@dataclass(frozen=True, slots=True)
class Alone:
    value: object


@dataclass(slots=True)
class Changing:
    numbers: list
    other: object = None


@dataclass(frozen=True)
class Open:
    number: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Own:
    number: int
    secret: str

    def __reduce__(self):
        return Own, (self.number, "not sent")


@dataclass(frozen=True, slots=True)
class OwnState:
    number: int
    secret: str

    def __getstate__(self):
        return {"number": self.number}

    def __setstate__(self, state):
        object.__setattr__(self, "number", state["number"])
        object.__setattr__(self, "secret", "not sent")


@pytest.mark.parametrize(
    "value",
    [
        Counted(3),
        Longer(3, (), "three"),
        Alone(Alone(None)),
        Changing([1, Changing([])]),
        Open(1, "ü\ud800"),
        model.Person(name="Ann"),
        Problem(SourceLocation("a.md", 1, 2), "text", "fix", "au.worker"),
        (Path("a"), datetime(2020, 1, 2, tzinfo=UTC), datetime(2020, 1, 2, tzinfo=timezone(timedelta(hours=2)))),
        {model.Wave.MEDIA: {frozenset([1]), None, 1.5, b"\0"}},
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_arrives_as_it_was(value):
    assert sent(value) == value
    assert type(sent(value)) is type(value)
    assert len(dump_pickle(value)) <= len(pickle.dumps(value)) + 100


def test_what_a_constructor_works_out_is_not_worked_out_again():
    assert sent(Counted(3)).squares == (9,)


def test_a_value_that_is_there_twice_arrives_once():
    one = Counted(1)
    first, second = sent([one, one])
    assert first is second


@pytest.mark.parametrize("kind", [Own, OwnState])
def test_a_type_may_say_itself_what_is_sent(kind):
    assert sent(kind(1, "secret")).secret == "not sent"


def test_what_cannot_be_sent_is_an_error():
    with pytest.raises((pickle.PicklingError, AttributeError, TypeError)):
        dump_pickle(lambda: None)


def test_what_is_kept_packed_is_sent_packed():
    cues = tuple(model.Cue(start_ms=n, end_ms=n + 1, text=f"naïve {n}", speaker="Ann") for n in range(50))
    one, two = (model.Transcript(url="one", mime="text/vtt", cues=cues) for _ in range(2))
    data = dump_pickle((one, two))
    assert data.count("naïve 49".encode()) == 1
    assert pickle.loads(data) == (one, two)
    assert pickle.loads(data)[1].cues == cues


def test_the_path_of_an_output_arrives():
    output = model.Output(
        key="a/b.txt", size=1, sha256="", content_type="text/plain", cache_control="", wave=model.Wave.PAGES
    )
    assert sent(output).path is None
    set_folder(output, "build")
    assert sent(output).path == Path("build/a/b.txt")
