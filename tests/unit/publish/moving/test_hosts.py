"""Hosts by their feeds, and the texts of redirects."""

import re

import pytest

from podcast_kit.feed import parse_feed
from podcast_kit.publish import moving

NEW = "https://pod.example/feed.xml"
FEED = """<rss version="2.0"><channel><title>A</title><generator>{generator}</generator>
<item><enclosure url="{audio}" length="1" type="audio/mpeg"/></item></channel></rss>"""


def host_name(url, generator="", audio="https://pod.example/1.mp3"):
    return moving.recognize_host(url, parse_feed(FEED.format(generator=generator, audio=audio).encode(), url)).name


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://feeds.buzzsprout.com/1.rss", "Buzzsprout"),
        ("https://anchor.fm/s/1/podcast/rss", "Spotify for Creators"),
        ("https://talks.libsyn.com/rss", "Libsyn"),
        ("https://feed.podbean.com/talks/feed.xml", "Podbean"),
        ("https://feeds.transistor.fm/talks", "Transistor"),
        ("https://feeds.acast.com/public/shows/talks", "Acast"),
        ("https://feeds.captivate.fm/talks/", "Captivate"),
        ("https://feeds.simplecast.com/abc", "Simplecast"),
        ("https://feeds.soundcloud.com/users/soundcloud:users:1/sounds.rss", "SoundCloud"),
        ("https://talks.podigee.io/feed/mp3", "Podigee"),
        ("https://notbuzzsprout.com.example/feed", "a server of your own"),
    ],
)
def test_a_host_is_recognized_by_the_address_of_its_feed(url, expected):
    assert host_name(url) == expected


@pytest.mark.parametrize(
    ("generator", "audio", "expected"),
    [
        ("Castopod - https://castopod.org/", "https://pod.example/1.mp3", "Castopod"),
        ("Podlove Podcast Publisher v3.8", "https://pod.example/1.mp3", "Podlove Publisher"),
        ("https://wordpress.org/?v=6", "https://media.blubrry.com/talks/1.mp3", "Blubrry PowerPress"),
        ("https://wordpress.org/?v=6", "https://pod.example/1.mp3", "a server of your own"),
        ("", "//[broken", "a server of your own"),
    ],
)
def test_a_feed_at_an_own_address_is_recognized_by_its_program_or_its_audio(generator, audio, expected):
    assert host_name("https://talks.example/feed", generator, audio) == expected


def test_every_guide_has_steps_that_name_the_new_feed_and_a_source_where_it_claims_more():
    for guide in moving.HOST_GUIDES:
        steps = [step.format(new=NEW) for step in guide.steps]
        assert any(NEW in step for step in steps), guide.name
        assert guide.source or "look in the settings" in steps[0], guide.name


def test_redirects_of_a_plain_address():
    texts = moving.list_redirect_texts("https://old.example/pod/feed.xml", NEW)
    assert texts["nginx"] == f"location = /pod/feed.xml {{ return 301 {NEW}; }}"
    assert texts["Apache"] == f'Redirect 301 "/pod/feed.xml" "{NEW}"'
    assert texts["Netlify, Cloudflare Pages (_redirects)"] == f"/pod/feed.xml {NEW} 301!"
    assert f"--key 'pod/feed.xml' --website-redirect-location '{NEW}'" in texts["Amazon S3 (website endpoint)"]


def test_redirects_of_an_address_with_a_query():
    texts = moving.list_redirect_texts("https://old.example/?feed=podcast&x=1", NEW)
    assert 'if ($args = "feed=podcast&x=1")' in texts["nginx"]
    assert texts["Netlify, Cloudflare Pages (_redirects)"] == f"/ feed=podcast x=1 {NEW} 301!"
    pattern = re.search(r'QUERY_STRING}" "(.*)"', texts["Apache"])[1]
    assert re.search(pattern, "feed=podcast&x=1")
    assert not re.search(pattern, "feed=podcast&x=12")


@pytest.mark.parametrize("sign", ["'", '"', ";", "}", "{", "$", "`", "\n", " ", "\\", "<", "|"])
def test_a_sign_of_an_address_never_becomes_a_command_of_a_redirect(sign):
    texts = moving.list_redirect_texts(f"https://old.example/a{sign}b?c={sign}", f"https://new.example/x{sign}rm")
    for text in texts.values():
        assert f"a{sign}b" not in text
        assert f"x{sign}rm" not in text


def test_the_element_is_escaped():
    assert "&lt;b&gt;&amp;" in moving.render_new_feed_element("https://new.example/<b>&")
