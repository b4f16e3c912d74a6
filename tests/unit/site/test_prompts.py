import html
import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podcast_kit import site
from podcast_kit.errors import InvalidInput
from podcast_kit.model import ListenLink, Placement, PromptSet
from podcast_kit.site import LinkKind
from tests.support.site_factories import APPLE, BASE, SPOTIFY, make_episode, make_item, make_show

FOLLOW = f"{BASE}follow/index.html"
SHARE = f"{BASE}episodes/x/index.html#share"
REVIEW = "https://podcasts.apple.com/podcast/id1000000001?action=write-review"


@pytest.fixture
def render(tmp_path):
    def render(show=None, episode=None, linked=()):
        show = show or make_show()
        episode = episode or make_episode()
        return site.render_prompts(
            show, episode, folder=tmp_path, page_url=f"{BASE}episodes/x/index.html", linked=linked
        )

    return render


def count_urls(prompts):
    """How often each URL occurs, for each surface."""
    texts = (prompts.page_html, prompts.feed_html)
    counts = [Counter(html.unescape(url) for url in re.findall(r'href="([^"]*)"', text)) for text in texts]
    return [*counts, Counter(re.findall(r"https?://\S+", prompts.plain_text))]


def test_follow_links_come_before_review_links(render):
    for urls in count_urls(render()):
        assert list(urls) == [
            "https://podcasts.apple.com/podcast/id1000000001",
            f"https://open.spotify.com/show/{SPOTIFY.value}",
            FOLLOW,
            REVIEW,
            SHARE,
        ]


def test_page_has_a_review_link_of_every_listed_service(render):
    listed = (APPLE, SPOTIFY, ListenLink(service="podcastaddict", value="https://podcastaddict.com/podcast/talking/1"))
    page = render(make_show(listen=listed)).page_html
    labels = re.findall(r">Rate or review on ([^<]*)</a>", page)
    assert labels == ["Apple Podcasts", "Spotify", "Podcast Addict"]


def test_page_repeats_no_review_link_of_the_notes(render):
    page = render(linked=[f"https://open.spotify.com/show/{SPOTIFY.value}"]).page_html
    assert "Rate or review on Apple Podcasts" in page
    assert "Spotify" not in page


def test_a_show_without_services_links_to_the_follow_page(render):
    for urls in count_urls(render(make_show(listen=()))):
        assert list(urls) == [FOLLOW, f"{FOLLOW}#review", SHARE]


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


@given(listen=services, prompt_set=prompt_sets, data=st.data())
def test_each_url_occurs_once_on_each_surface_and_on_the_page_once_to_follow_and_once_to_review(
    tmp_path_factory, listen, prompt_set, data
):
    show = make_show(listen=tuple(sorted(listen, key=repr)), prompts={"default": prompt_set})
    links = [link for link in site.build_listen_links(show) if link.declared]
    urls_to_draw = [link.url for link in links] + [FOLLOW, f"{FOLLOW}#review"]
    linked = data.draw(st.sets(st.sampled_from(urls_to_draw)))
    prompts = site.render_prompts(
        show, make_episode(), folder=tmp_path_factory.getbasetemp(), page_url=f"{BASE}x", linked=linked
    )
    is_empty = prompt_set.placement is Placement.NONE or not (prompt_set.follow or prompt_set.review)
    expected = (
        {site.normalize_url(link.url) for link in links if getattr(prompt_set, link.kind.value)}
        if not is_empty
        else set()
    )
    expected |= {site.normalize_url(FOLLOW)} if prompt_set.follow and not is_empty else set()
    shared = {site.normalize_url(link.url) for link in links if link.kind is LinkKind.FOLLOW}
    shared &= {site.normalize_url(link.url) for link in links if link.kind is LinkKind.REVIEW}
    for surface, urls in enumerate(count_urls(prompts)):
        normal = Counter(site.normalize_url(url) for url in urls.elements())
        twice = {url for url, count in normal.items() if count > 1}
        assert set(normal.values()) <= {1, 2}
        is_page = surface == 0
        assert twice == (shared & normal.keys() if is_page and prompt_set.follow and prompt_set.review else set())
        assert not normal.keys() & {site.normalize_url(url) for url in linked}
        assert expected - {site.normalize_url(url) for url in linked} <= normal.keys()
        assert bool(normal) == bool(prompts)


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=30))
def test_labels_are_escaped(tmp_path_factory, label):
    show = make_show(listen=(ListenLink(service="custom", value="https://club.example/", label=label),))
    prompts = site.render_prompts(
        show, make_episode(), folder=tmp_path_factory.getbasetemp(), page_url=f"{BASE}x", linked=()
    )
    for text in (prompts.page_html, prompts.feed_html):
        link = re.search(r'href="https://club.example/">([^<]*)</a>', text)
        assert link
        assert html.unescape(link[1]) == label


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("de-AT", "Kostenlos abonnieren"),
        ("fr", "Suivre gratuitement"),
        ("es-MX", "Seguir gratis"),
        ("nl", "Follow for free"),
    ],
)
def test_prompts_are_in_the_shows_language(render, language, expected):
    prompts = render(make_show(language=language))
    assert expected in prompts.feed_html
    assert expected in prompts.plain_text


def test_feed_prompts_only_use_tags_that_apps_show(render):
    assert set(re.findall(r"<(\w+)", render().feed_html)) <= {"p", "a", "ul", "li", "br"}


def test_an_episode_selects_its_prompt_set_by_name(render):
    quiet = {"quiet": PromptSet(follow=True, review=False)}
    prompts = render(make_show(prompts=quiet), make_episode(prompts="quiet"))
    assert REVIEW not in prompts.page_html
    assert FOLLOW in prompts.page_html


def test_an_unknown_prompt_set_is_an_error_that_lists_the_known_ones(render):
    with pytest.raises(InvalidInput) as raised:
        render(episode=make_episode(prompts="loud"))
    assert "default, none" in raised.value.problems[0].fix


def test_a_show_can_override_a_prompt_template(render, tmp_path):
    (tmp_path / "templates" / "prompts").mkdir(parents=True)
    (tmp_path / "templates" / "prompts" / "feed.html").write_text("<p>{{ episode.title }}: {{ any_app }}</p>", "utf-8")
    prompts = render()
    assert prompts.feed_html == f"<p>Number 1: {FOLLOW}</p>"
    assert "Apple Podcasts" in prompts.page_html


@pytest.mark.parametrize(
    ("notes", "expected"),
    [
        ("{{ feed }}", f"<{BASE}feed.xml>"),
        ("a\n  {{links}}  \nb", "a\n[Club \\&\\<b\\>](<https://club.example/>)\nb"),
        ("in a line {{ links }}", "in a line {{ links }}"),
        ("{{ prompts }}", "{{ prompts }}"),
    ],
)
def test_markers_in_notes_become_one_line_of_markdown(tmp_path, notes, expected):
    show = make_show(listen=(ListenLink(service="custom", value="https://club.example/", label="Club &<b>"),))
    assert site.expand_link_markers(show, make_episode(notes=notes), folder=tmp_path) == expected


def test_links_from_markers_are_not_repeated(render, tmp_path):
    show = make_show()
    notes = site.expand_link_markers(show, make_episode(notes="{{ links }}"), folder=tmp_path)
    linked = re.findall(r"<(https[^>]*)>", notes)
    assert {link.url for link in site.build_listen_links(show) if link.declared and link.kind is LinkKind.FOLLOW} < set(
        linked
    )
    assert list(count_urls(render(show, linked=linked))[0]) == [FOLLOW, SHARE]


def test_a_prompt_set_can_have_its_own_wording(render):
    own = PromptSet(follow_text="Come along with {show}.", review_text="What did <{title}> leave you with?")
    prompts = render(make_show(prompts={"default": own}), make_episode(title="One & {show}"))
    assert "Come along with Talking Back." in prompts.plain_text
    assert "What did <One & {show}> leave you with?" in prompts.plain_text
    for html_text in (prompts.page_html, prompts.feed_html):
        assert "Come along with Talking Back." in html_text
        assert "What did &lt;One &amp; {show}&gt; leave you with?" in html_text
    assert "Enjoying the show" not in prompts.page_html + prompts.feed_html + prompts.plain_text


def test_every_surface_has_the_full_sentences(render):
    for text in (render().page_html, render().feed_html, render().plain_text):
        assert "Enjoying the show? Follow it for free" in text
        assert "A quick rating or review helps other people find the show." in text


@pytest.mark.parametrize(
    ("language", "friend", "link"),
    [
        ("en", "Tell a friend", "Share this episode"),
        ("de", "Weitersagen", "Diese Folge teilen"),
        ("fr", "Parlez-en autour de vous", "Partager cet épisode"),
        ("es", "Cuéntaselo a alguien", "Compartir este episodio"),
    ],
)
def test_every_surface_asks_once_to_tell_a_friend(render, language, friend, link):
    prompts = render(make_show(language=language))
    assert prompts.feed_html.count(f'<a href="{SHARE}">{link}</a>') == prompts.feed_html.count(friend) == 1
    assert prompts.page_html.count(f'href="{SHARE}">{link}</a>') == 1
    assert prompts.plain_text.count(SHARE) == prompts.plain_text.count(friend) == 1
    assert "share.invalid" not in prompts.page_html + prompts.feed_html + prompts.plain_text


def test_the_prompt_to_tell_a_friend_can_be_off_alone_or_worded(render):
    without = render(make_show(prompts={"default": PromptSet(share=False)}))
    assert all(SHARE not in text for text in (without.page_html, without.feed_html, without.plain_text))
    assert REVIEW in without.feed_html
    alone = PromptSet(follow=False, review=False, share_text="Who should hear {title}?")
    prompts = render(make_show(prompts={"default": alone}))
    assert prompts.plain_text == f"Who should hear Number 1?\n- Tell a friend: {SHARE}"
    assert [list(urls) for urls in count_urls(prompts)] == [[SHARE]] * 3
    assert not render(make_show(prompts={"default": alone}), linked=[SHARE])


def test_wordings_rotate_by_guid_and_stay_when_one_is_added(render):
    def wordings(*texts):
        own = PromptSet(follow_text=texts[0], other_texts={"follow": texts[1:]})
        show = make_show(prompts={"default": own})
        return [render(show, make_episode(guid=f"guid-{number}")).plain_text.split("\n")[0] for number in range(40)]

    two, three = wordings("Text one", "Text two"), wordings("Text three", "Text one", "Text two")
    assert set(two) == {"Text one", "Text two"}
    assert set(three) == {"Text one", "Text two", "Text three"}
    assert all(new in (old, "Text three") for old, new in zip(two, three, strict=True))


def test_the_share_panel_does_not_repeat_the_prompt(tmp_path):
    sentence = "Know someone who’d enjoy this?"
    for page in (f'<p>{sentence}</p><a href="{SHARE}">Share</a>', "<p>Notes</p>"):
        shown = site.render_site(make_show(), [make_item(page=page)], folder=tmp_path)["episodes/001-one/index.html"]
        assert shown.decode().count(sentence) == 1
