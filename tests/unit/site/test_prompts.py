import html
import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podcast_kit import site
from podcast_kit.errors import InvalidInput
from podcast_kit.model import ListenLink, Placement, PromptSet
from podcast_kit.site import Kind
from tests.support.site_factories import APPLE, BASE, SPOTIFY, make_episode, make_show

FOLLOW = f"{BASE}follow/index.html"
REVIEW = "https://podcasts.apple.com/podcast/id1000000001?action=write-review"


@pytest.fixture
def invite(tmp_path):
    def invite(show=None, episode=None, written=()):
        show = show or make_show()
        episode = episode or make_episode()
        return site.prompts(show, episode, folder=tmp_path, page_url=f"{BASE}episodes/x/index.html", written=written)

    return invite


def addresses(flavours):
    """Every address of each surface, as often as it stands there."""
    texts = (flavours.page, flavours.feed)
    found = [Counter(html.unescape(url) for url in re.findall(r'href="([^"]*)"', text)) for text in texts]
    return [*found, Counter(re.findall(r"https?://\S+", flavours.text))]


def test_following_comes_first_and_reviewing_second(invite):
    for found in addresses(invite()):
        assert list(found) == [
            "https://podcasts.apple.com/podcast/id1000000001",
            f"https://open.spotify.com/show/{SPOTIFY.value}",
            FOLLOW,
            REVIEW,
        ]


def test_a_show_without_any_service_still_invites(invite):
    for found in addresses(invite(make_show(listen=()))):
        assert list(found) == [FOLLOW, f"{FOLLOW}#review"]


services = st.sets(
    st.sampled_from(
        [
            APPLE,
            SPOTIFY,
            ListenLink(service="overcast", value="https://overcast.fm/x"),
            ListenLink(service="stitcher", value="https://www.stitcher.com/x", keep=True),
            ListenLink(service="custom", value="https://club.example/a?b=c&d=e", label="A & <B>"),
            ListenLink(service="custom", value="https://open.spotify.com/show/" + SPOTIFY.value, label="Spotify again"),
            ListenLink(service="ratethispodcast", value="talking"),
        ]
    )
)
prompt_sets = st.builds(
    PromptSet, follow=st.booleans(), review=st.booleans(), placement=st.sampled_from(list(Placement))
)


@given(listen=services, chosen=prompt_sets, data=st.data())
def test_each_address_stands_exactly_once_on_each_surface(tmp_path_factory, listen, chosen, data):
    show = make_show(listen=tuple(sorted(listen, key=repr)), prompts={"default": chosen})
    every = [link for link in site.links(show) if link.declared]
    known = [link.url for link in every] + [FOLLOW, f"{FOLLOW}#review"]
    written = data.draw(st.sets(st.sampled_from(known)))
    given = site.prompts(
        show, make_episode(), folder=tmp_path_factory.getbasetemp(), page_url=f"{BASE}x", written=written
    )
    silent = chosen.placement is Placement.NONE or not (chosen.follow or chosen.review)
    wanted = {site.same(link.url) for link in every if getattr(chosen, link.kind.value)} if not silent else set()
    wanted |= {site.same(FOLLOW)} if chosen.follow and not silent else set()
    for found in addresses(given):
        normal = Counter(site.same(url) for url in found.elements())
        assert set(normal.values()) <= {1}
        assert not normal.keys() & {site.same(url) for url in written}
        assert wanted - {site.same(url) for url in written} <= normal.keys()
        assert bool(normal) == bool(given)


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=30))
def test_a_label_is_text_whatever_it_holds(tmp_path_factory, label):
    show = make_show(listen=(ListenLink(service="custom", value="https://club.example/", label=label),))
    given = site.prompts(show, make_episode(), folder=tmp_path_factory.getbasetemp(), page_url=f"{BASE}x", written=())
    for text in (given.page_html, given.feed_html):
        inside = re.search(r'href="https://club.example/">([^<]*)</a>', text)
        assert inside
        assert html.unescape(inside[1]) == label


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("de-AT", "Kostenlos abonnieren"),
        ("fr", "Suivre gratuitement"),
        ("es-MX", "Seguir gratis"),
        ("nl", "Follow for free"),
    ],
)
def test_it_is_said_in_the_shows_language(invite, language, words):
    given = invite(make_show(language=language))
    assert words in given.feed
    assert words in given.text


def test_the_feed_has_only_what_apps_show(invite):
    assert set(re.findall(r"<(\w+)", invite().feed)) <= {"p", "a", "ul", "li", "br"}


def test_an_episode_chooses_its_set_by_name(invite):
    quiet = {"quiet": PromptSet(follow=True, review=False)}
    given = invite(make_show(prompts=quiet), make_episode(prompts="quiet"))
    assert REVIEW not in given.page
    assert FOLLOW in given.page


def test_a_set_that_is_not_there_is_told_with_those_that_are(invite):
    with pytest.raises(InvalidInput) as raised:
        invite(episode=make_episode(prompts="loud"))
    assert "default, none" in raised.value.problems[0].fix


def test_the_show_may_write_them_otherwise(invite, tmp_path):
    (tmp_path / "templates" / "prompts").mkdir(parents=True)
    (tmp_path / "templates" / "prompts" / "feed.html").write_text("<p>{{ episode.title }}: {{ any_app }}</p>", "utf-8")
    given = invite()
    assert given.feed == f"<p>Number 1: {FOLLOW}</p>"
    assert "Apple Podcasts" in given.page


@pytest.mark.parametrize(
    ("notes", "expected"),
    [
        ("{{ feed }}", f"<{BASE}feed.xml>"),
        ("a\n  {{links}}  \nb", "a\n[Club \\&\\<b\\>](<https://club.example/>)\nb"),
        ("in a line {{ links }}", "in a line {{ links }}"),
        ("{{ prompts }}", "{{ prompts }}"),
    ],
)
def test_markers_in_notes_become_one_line_of_markdown(notes, expected):
    show = make_show(listen=(ListenLink(service="custom", value="https://club.example/", label="Club &<b>"),))
    assert site.expand(show, notes) == expected


def test_what_a_marker_wrote_is_not_written_again(invite):
    show = make_show()
    written = re.findall(r"<(https[^>]*)>", site.expand(show, "{{ links }}"))
    assert {link.url for link in site.links(show) if link.declared and link.kind is Kind.FOLLOW} < set(written)
    assert list(addresses(invite(show, written=written))[0]) == [FOLLOW]


def test_a_set_may_say_it_in_its_own_words(invite):
    own = PromptSet(follow_text="Come along with {show}.", review_text="What did <{title}> leave you with?")
    given = invite(make_show(prompts={"default": own}), make_episode(title="One & {show}"))
    assert "Come along with Talking Back." in given.text
    assert "What did <One & {show}> leave you with?" in given.text
    for html_text in (given.page, given.feed):
        assert "Come along with Talking Back." in html_text
        assert "What did &lt;One &amp; {show}&gt; leave you with?" in html_text
    assert "Enjoying the show" not in given.page + given.feed + given.text


def test_every_surface_asks_in_a_sentence(invite):
    for said in (invite().page, invite().feed, invite().text):
        assert "Enjoying the show? Follow it for free" in said
        assert "A quick rating or review helps other people find the show." in said
