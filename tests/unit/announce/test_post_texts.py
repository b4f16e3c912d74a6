"""The texts of posts: within each network's limits as it counts them, from templates that can be wrong."""

from zoneinfo import ZoneInfo

import pytest

from podcast_kit.announce import api, bluesky, mastodon
from podcast_kit.errors import InvalidInput, SourceLocation
from podcast_kit.io.http_client import HttpClient
from podcast_kit.model import NetworkSettings
from podcast_kit.site import announcement
from podcast_kit.site.i18n import Translations
from podcast_kit.text.graphemes import count_graphemes

WORDS = Translations("en", {"new_episode": "New episode: {title}"}, ZoneInfo("UTC"))
URL = "https://pod.example/episodes/001-talk/index.html"
LOCATION = SourceLocation("podcast.yaml", 9, 3)
FAMILY = "👨‍👩‍👧‍👦"


def episode(**values):
    defaults = {
        "title": "Talk",
        "summary": "One sentence. Another one. " * 30,
        "url": URL,
        "show": "A show",
        "tags": ("open source",),
    }
    return announcement.AnnouncedEpisode(**defaults | values)


def network(network_class, **options):
    return network_class(NetworkSettings(name=network_class.name, options=options), HttpClient(), {})


def fit(accepts, template=announcement.DEFAULT_TEXT, **values):
    return announcement.fit_announcement(template, LOCATION, episode(**values), WORDS, accepts)


@pytest.mark.parametrize("network_class", [mastodon.MastodonNetwork, bluesky.BlueskyNetwork])
@pytest.mark.parametrize(
    "summary", ["One sentence. Another one. " * 60, f"{FAMILY} " * 600, "一二三四五六七八九十。" * 90]
)
def test_summary_is_cut_to_what_a_network_accepts_and_uses_most_of_it(network_class, summary):
    place = network(network_class)
    text = fit(place.accepts, summary=summary)
    assert place.accepts(text)
    assert URL in text
    assert "#OpenSource" in text
    assert place.measure(text) > place.max_len - 40 or len(text.encode()) > 2900


def test_summary_is_cut_at_a_sentence():
    text = fit(network(bluesky.BlueskyNetwork).accepts)
    assert text.split("\n\n")[1].endswith((" one.", " sentence."))


def test_hashtags_go_before_the_title_is_shortened():
    place = network(bluesky.BlueskyNetwork)
    text = fit(place.accepts, title="Word " * 46)
    assert "#OpenSource" not in text
    assert text.startswith(f"New episode: {'Word ' * 46}".rstrip())
    long_title = fit(place.accepts, title="Word " * 100)
    assert place.accepts(long_title)
    assert long_title.split("\n\n")[0].endswith("Word…")
    assert URL in long_title


def test_text_that_is_too_long_by_itself_is_reported_where_it_is_written():
    with pytest.raises(InvalidInput) as caught:
        fit(network(bluesky.BlueskyNetwork).accepts, "x" * 301 + "{{ url }}")
    [problem] = caught.value.problems
    assert (problem.location, problem.code) == (LOCATION, "announce.length")


@pytest.mark.parametrize(
    ("template", "code", "words"),
    [
        ("{{ title", "template.syntax", "unexpected end"),
        ("{{ titel }}", "template.render", "'titel' is undefined"),
        ("{{ title.__class__ }}", "template.unsafe", "__class__"),
        ("{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}", "template.limit", "steps"),
    ],
)
def test_wrong_template_is_a_problem_of_podcast_yaml(template, code, words):
    with pytest.raises(InvalidInput) as caught:
        announcement.render_announcement(template, LOCATION, episode(), WORDS)
    [problem] = caught.value.problems
    assert (problem.location, problem.code) == (LOCATION, code)
    assert words in problem.text


def test_text_loses_what_could_hide_or_turn_it():
    text = announcement.render_announcement(
        "{{ title }}\n\n\n\n{{ url }}", LOCATION, episode(title="A\u202eB\x07 C"), WORDS
    )
    assert text == f"AB C\n\n{URL}"


def test_mastodon_counts_any_url_alike_and_of_a_mention_only_the_user():
    place = network(mastodon.MastodonNetwork)
    assert place.measure(f"{'x' * 10} {URL}") == 10 + 1 + 23
    assert place.measure("Hi @ann@social.example!") == len("Hi @ann!")
    assert place.measure(f"é{FAMILY}") == 2
    assert place.accepts("x" * 500)
    assert not place.accepts("x" * 501)


def test_bluesky_allows_300_graphemes_and_3000_bytes():
    place = network(bluesky.BlueskyNetwork)
    assert place.accepts("e\u0301" * 300)
    assert not place.accepts("e\u0301" * 301)
    assert len(FAMILY.encode()) == 25
    assert place.accepts(FAMILY * 120)
    assert not place.accepts(FAMILY * 121), "3,025 bytes"


@pytest.mark.parametrize(
    ("text", "count"),
    [("", 0), ("a\r\nb", 3), ("\r\n", 1), ("🇩🇪🇫🇷", 2), ("क्षि", 1), ("e\u0301\u0323", 1), ("👍🏽!", 2)],
)
def test_graphemes_are_counted_as_unicode_says(text, count):
    assert count_graphemes(text) == count


def test_facets_have_byte_positions_and_leave_out_other_text():
    text = f"Größe 👍: see {URL}, (#RSS) #RSS. C# #2026 a#b"
    facets = bluesky.find_facets(text)
    data = text.encode()
    spans = [data[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode() for facet in facets]
    assert spans == [URL, "#RSS"]
    assert facets[1]["features"] == [{"$type": "app.bsky.richtext.facet#tag", "tag": "RSS"}]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "Sat, 28 Nov 2026 12:01:00 GMT", "date": "Sat, 28 Nov 2026 12:00:00 GMT"}, 60),
        ({"x-ratelimit-reset": "2026-11-28T12:05:00.000Z", "date": "Sat, 28 Nov 2026 12:00:00 GMT"}, 300),
        ({"ratelimit-reset": "1795867500", "date": "Sat, 28 Nov 2026 12:00:00 GMT"}, 300),
        ({"x-ratelimit-reset": "2026-11-28T12:05:00Z"}, -1),
        ({"retry-after": "soon"}, -1),
        ({}, -1),
    ],
)
def test_time_to_wait_is_read_by_the_servers_own_clock(headers, seconds):
    assert api.retry_delay(headers) == seconds


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"error": "Validation failed: Text is too long"}', "Validation failed: Text is too long"),
        (b'{"error": "ExpiredToken", "message": "Token has expired"}', "ExpiredToken: Token has expired"),
        (b"<html><body>502 Bad Gateway</body></html>", ""),
        (b"[]", ""),
        (b'{"error": {"code": 1}}', ""),
        ('{"message": "a\u202e\\u001b[31m\\nb"}'.encode(), "a [31m b"),
    ],
)
def test_reason_of_a_refusal_is_one_harmless_line(body, reason):
    assert api.answer_reason(body) == reason
