from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podcast_kit.errors import InvalidInput
from podcast_kit.model import Chapter, LockEntry, Media, SocialPost, Soundbite
from podcast_kit.source import lock

WHEN = datetime(2026, 11, 15, 7, tzinfo=UTC)
words = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn")), max_size=20)
names = words.filter(lambda name: name not in {"", ".", ".."} and not set(name) & set("/\\:"))
medias = st.builds(
    Media,
    key=st.builds("media/0f/{}".format, names),
    sha256=words,
    bytes=st.integers(0, 10**12),
    mime=words,
    seconds=st.floats(0, 1e9),
    bit_rate=st.integers(0, 10**7),
)
urls = st.builds("https://social.example/{}".format, st.integers(0, 10**9))
social_posts = st.builds(
    SocialPost,
    uri=urls,
    protocol=st.just("activitypub"),
    account=st.sampled_from(["", "@show@social.example", "pod.example"]),
    account_url=st.just("") | urls,
    url=st.just("") | urls,
    priority=st.integers(0, 99),
)
entries = st.builds(
    LockEntry,
    slug=words,
    guid=words,
    date=st.datetimes(datetime(1971, 1, 1), datetime(2199, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 -- the strategy's form
    source_sha256=words,
    media=medias,
    former_slugs=st.lists(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,20}", fullmatch=True), max_size=3).map(tuple),
    alternate=st.none() | medias,
    soundbites=st.lists(
        st.builds(Soundbite, start_ms=st.integers(0, 10**9), length_ms=st.integers(0, 10**6), media=medias), max_size=2
    ).map(tuple),
    chapters=st.lists(
        st.builds(Chapter, start_ms=st.integers(0, 10**9), title=words, url=words, toc=st.booleans()), max_size=3
    ).map(tuple),
    social=st.lists(social_posts, max_size=2).map(tuple),
)
locks = st.lists(entries, max_size=4, unique_by=(lambda entry: entry.slug, lambda entry: entry.guid))


def make_entry(slug="one", guid="g-1", date=WHEN, **media):
    media = {
        "key": "media/0f/one.mp3",
        "sha256": "0f" * 32,
        "bytes": 12,
        "mime": "audio/mpeg",
        "seconds": 61.152,
    } | media
    return LockEntry(slug=slug, guid=guid, date=date, source_sha256="ab" * 32, media=Media(**media))


@given(locks)
def test_rendered_lock_is_parsed_back(written):
    assert lock.parse_lock(lock.render_lock(written)) == tuple(
        sorted(written, key=lambda entry: (entry.date, entry.slug))
    )


@given(locks)
def test_rendering_a_parsed_lock_changes_no_byte(written):
    assert lock.render_lock(lock.parse_lock(lock.render_lock(written))) == lock.render_lock(reversed(written))


def test_entry_without_alternate_and_soundbites_is_parsed():
    old = lock.render_lock([make_entry()])
    assert not any(word in old for word in (b"alternate", b"soundbites", b"bit_rate"))
    (entry,) = lock.parse_lock(old)
    assert (entry.alternate, entry.soundbites) == (None, ())


def test_former_slug_outside_the_show_is_rejected():
    whole = lock.render_lock([replace(make_entry(), former_slugs=("one-old", "one-older"))])
    assert b"    was: [one-old, one-older]\n" in whole
    with pytest.raises(InvalidInput) as caught:
        lock.parse_lock(whole.replace(b"one-older", b"../../one"))
    assert [(problem.code, problem.location.line) for problem in caught.value.problems] == [("lock.damaged", 8)]


def test_posts_are_kept_and_other_addresses_are_rejected():
    posts = (
        SocialPost("https://social.example/users/show/statuses/1", "activitypub", "@show@social.example", priority=1),
        SocialPost("at://did:plc:abc/app.bsky.feed.post/3k2", "atproto", "pod.example", "https://bsky.app/profile/x"),
    )
    whole = lock.render_lock([replace(make_entry(), social=posts)])
    assert lock.parse_lock(whole)[0].social == posts
    for old, new in ((b"https://social", b"javascript://social"), (b"at://did", b"https://did"), (b"atproto", b"smtp")):
        with pytest.raises(InvalidInput) as caught:
            lock.parse_lock(whole.replace(old, new))
        assert {problem.code for problem in caught.value.problems} == {"lock.damaged"}, new


def test_soundbite_without_media_is_rejected():
    whole = lock.render_lock(
        [replace(make_entry(), soundbites=(Soundbite(start_ms=1, length_ms=2, media=make_entry().media),))]
    )
    broken = whole.replace(whole[whole.index(b"        media:\n") :], b"")
    with pytest.raises(InvalidInput) as caught:
        lock.parse_lock(broken)
    assert [problem.code for problem in caught.value.problems] == ["lock.damaged"]


def test_new_episode_adds_lines_at_the_end():
    old, new = [make_entry()], [make_entry(), make_entry("two", "g-2", WHEN + timedelta(days=1))]
    assert lock.render_lock(new).startswith(lock.render_lock(old))


def test_entry_is_rendered_as_documented():
    text = lock.render_lock([make_entry(date=datetime(2026, 11, 15, 8, tzinfo=timezone(timedelta(hours=1))))]).decode()
    assert text.split("\n")[3:10] == [
        "  - slug: one",
        "    guid: g-1",
        "    date: 2026-11-15T07:00:00+00:00",
        f"    source: {'ab' * 32}",
        "    media:",
        "      key: media/0f/one.mp3",
        f"      sha256: {'0f' * 32}",
    ]


def test_missing_lock_is_empty(tmp_path):
    assert lock.read_lock(tmp_path / "podcast.lock") == ()


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        pytest.param(lambda text: text.replace("version", "<<<<<<< HEAD\nversion"), "lock.conflict", id="merge"),
        pytest.param(lambda text: text + "=======\n", "lock.conflict", id="half a merge"),
        pytest.param(lambda text: text[: len(text) // 2], "lock.damaged", id="cut off"),
        pytest.param(lambda text: text.replace("bytes: 12", "bytes: many"), "lock.damaged", id="bytes"),
        pytest.param(lambda text: text.replace("seconds: 61.152", "seconds: nan"), "lock.damaged", id="seconds"),
        pytest.param(lambda text: text.replace("T07:00:00+00:00", "T07:00:00"), "lock.damaged", id="offset"),
        pytest.param(lambda text: text.replace("version: 1", "version: 2"), "lock.newer", id="version"),
        pytest.param(lambda text: text.replace("    guid: g-1\n", ""), "lock.damaged", id="no guid"),
        pytest.param(lambda text: text + text.split("episodes:\n")[1], "lock.damaged", id="an entry twice"),
        pytest.param(lambda _: "[" * 10_000, "lock.damaged", id="brackets"),
    ],
)
def test_damaged_lock_is_reported_with_a_fix(damage, code):
    with pytest.raises(InvalidInput) as caught:
        lock.parse_lock(damage(lock.render_lock([make_entry()]).decode()).encode())
    assert {problem.code for problem in caught.value.problems} == {code}
    assert all(problem.fix for problem in caught.value.problems)


@pytest.mark.parametrize(
    "key",
    [
        "../../../talk.mp3", "/tmp/talk.mp3", "media/../../talk.mp3", "media/0f/..", "media//talk.mp3",
        "feed.xml", ".podcast-kit/state.json", "C:/talk.mp3", "media/C:talk.mp3", "media\\..\\talk.mp3",
        "javascript:1", "file:///etc/passwd", "../x://y",
    ],
)  # fmt: skip
def test_media_key_outside_media_is_rejected(key):
    with pytest.raises(InvalidInput) as caught:
        lock.parse_lock(lock.render_lock([make_entry(key=key)]))
    assert [problem.code for problem in caught.value.problems] == ["lock.damaged"]


@pytest.mark.parametrize("date", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_date_out_of_range_is_rejected(date):
    data = lock.render_lock([make_entry()]).replace(b"2026-11-15T07:00:00+00:00", date.encode())
    with pytest.raises(InvalidInput, match="1 problem"):
        lock.parse_lock(data)
