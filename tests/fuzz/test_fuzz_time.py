"""No parser takes long, or much memory, for hostile input; `make fuzz` tries more of it."""

import os
import time
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("resource", reason="memory is measured as Unix counts it")

from podcast_kit.errors import PodcastKitError
from tests.fuzz import repetition
from tests.fuzz.targets import TARGETS

IS_STRESS = bool(os.environ.get("PODCAST_KIT_STRESS"))
SECONDS_PER_TARGET = 10 if IS_STRESS else 0.2
FOUND_BEFORE = {
    "notes": (b"http://[", b"http://a", b"://", b"www.", b"``", b"![", b"![a](", b"[", b"**a*b", b"- a\n"),
    "html": (b"<ol>", b"<i></b>", b"<p><div>", b"<em><a>", b"<a/", b"<p <p ", b"\xc2\xa0"),
    "imported html": (b"<a/", b"<p ", b"<p><div>", b"<h1>", b'<a href="', b"<"),
    "description": (b"<p><div>", b"<p <p ", b'<a href="'),
    "transcript.html": (b"&#", b"&a", b"<p ", b"</", b"<!--", b"<?", b"<a", b"<ol>"),
    "svg style": (b"a'/*", b"/*image-"),
    "checked transcript.vtt": (b"00:00:00.000 --> 00:00:01.000\n",),
    "checked transcript.srt": (b"00:00:00,000 --> 00:00:01,000\n",),
}
"""Pieces that once made a parser quadratic."""
PAIRS_FOUND_BEFORE = {
    "notes": ((b"***a", b"- "),),
    "episode file": ((b"***a", b"- "),),
    "Podcast Generator episode": ((b"<a", b"a"),),
}
"""The first repeated, and then the second."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "pieces"),
    [(name, (piece,)) for name, pieces in FOUND_BEFORE.items() for piece in pieces]
    + [(name, pair) for name, pairs in PAIRS_FOUND_BEFORE.items() for pair in pairs],
)
def test_input_that_once_took_minutes_is_answered_within_the_limits(name, pieces):
    target = TARGETS[name]
    hostile = repetition.HostileInput(target.heads[0], pieces, target.tails[0])
    measured = repetition.measure(target, hostile.render(target.max_bytes))
    assert not measured.is_too_much, f"{measured} for {hostile}"


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_repeated_pieces_of_each_syntax_are_answered_within_the_limits(name):
    target = TARGETS[name]
    target_end = time.process_time() + SECONDS_PER_TARGET
    for hostile in repetition.hostile_inputs(target, repetition.DEFAULT_COUNT, seed=1):
        measured = repetition.measure(target, hostile.render(target.max_bytes))
        assert not measured.is_too_much, f"{measured} for {hostile}"
        if time.process_time() > target_end:
            return


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_any_mixture_of_pieces_is_read_or_refused(name):
    target = TARGETS[name]

    @settings(max_examples=2_000 if IS_STRESS else 25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(target.heads), st.lists(st.sampled_from(target.pieces), max_size=30), st.binary(max_size=8))
    def read_or_refuse(head, pieces, noise):
        with suppress(PodcastKitError):
            target.parse(head + b"".join(map(repetition.to_bytes, pieces)) + noise)

    read_or_refuse()


def test_the_same_seed_gives_the_same_inputs():
    first, second = (list(repetition.hostile_inputs(TARGETS["notes"], 50, seed=3)) for _ in range(2))
    assert first == second
    assert first != list(repetition.hostile_inputs(TARGETS["notes"], 50, seed=4))


def test_slow_and_failing_parsers_are_noticed(monkeypatch):
    def hang(_):
        while True:
            pass

    def fail(_):
        raise IndexError

    monkeypatch.setattr(repetition, "MAX_SECONDS", 0.05)
    assert repetition.measure(repetition.Target(hang, ("a",)), b"").is_too_much
    assert "IndexError" in repetition.measure(repetition.Target(fail, ("a",)), b"").error
    assert repetition.measure(repetition.Target(lambda _: bytes(400_000_000).count(b"x"), ("a",)), b"").is_too_much
