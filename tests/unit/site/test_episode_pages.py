import json
import re

import pytest

from podcast_kit import site
from podcast_kit.model import Chapter, Element, Image, Media, NetworkSettings, Person, RemoteUrl, Soundbite
from tests.support.site_factories import ART, BASE, make_episode, make_item, make_show, make_transcript


@pytest.fixture
def render(tmp_path):
    def render(*items, show=None, **options):
        pages = site.render_site(show or make_show(), items, folder=tmp_path, **{"artwork": ART, **options})
        return {key: data.decode() for key, data in pages.items()}

    return render


def episode_page(pages, slug="001-one"):
    return pages[f"episodes/{slug}/index.html"]


def image_with_thumbnails(name, *widths):
    thumbnails = tuple(Image(url=f"{BASE}media/{name}-{w}.jpg", width=w, height=w) for w in widths)
    return Image(url=f"{BASE}media/{name}.jpg", thumbnails=thumbnails)


def test_people_are_shown_with_their_images(render):
    ann = Person(name="Ann", image=RemoteUrl(f"{BASE}media/ann.jpg"))
    item = make_item(
        people=(ann, Person(name="Bo", role="guest")), images={ann.image: image_with_thumbnails("ann", 80, 160)}
    )
    pages = render(item)
    face = '<img class="face" src="../../media/ann-80.jpg" alt="" width="32" height="32">'
    assert f'{face}<a href="../../people/ann/index.html">Ann</a>, <a href="../../people/bo/index.html">Bo</a>' in (
        episode_page(pages)
    )
    assert 'src="../../media/ann.jpg" alt="" width="120"' in pages["people/ann/index.html"]
    assert "face" not in pages["people/bo/index.html"]


def test_a_long_list_of_people_is_collapsed_on_the_episode_page(render):
    page = episode_page(render(make_item(people=tuple(Person(name=f"Person {n}") for n in range(200)))))
    shown, _, collapsed = page.partition("<summary>Show all 200</summary>")
    assert shown.count('href="../../people/person-') == 12
    assert collapsed.count('href="../../people/person-') == 188


def test_a_long_list_of_people_is_collapsed_on_the_index(render):
    page = render(make_item(people=tuple(Person(name=f"Person {n:03}") for n in range(40))))["index.html"]
    shown, _, collapsed = page.partition("<summary>Show all 40</summary>")
    assert (shown.count('href="people/'), collapsed.count('href="people/')) == (24, 16)


def test_chapter_images_are_shown_and_lazy_loaded(render):
    chapters = (
        Chapter(start_ms=0, title="One", image=RemoteUrl(f"{BASE}media/one.jpg")),
        Chapter(start_ms=9000, title="Two", image=RemoteUrl("https://elsewhere.example/two.jpg")),
    )
    page = episode_page(
        render(make_item(chapters=chapters, images={chapters[0].image: image_with_thumbnails("one", 80, 160, 320)}))
    )
    assert re.search(r'src="../../media/one-80.jpg" data-large="../../media/one-320.jpg" alt="".* loading="lazy"', page)
    assert "elsewhere.example" not in page


def test_alternate_enclosures_are_listed_with_their_size(render):
    source = Element("podcast:source", "", (("uri", f"{BASE}media/one.opus"),))
    bad = Element("podcast:source", "", (("uri", "javascript:alert(1)"),))
    formats = (
        Element("podcast:alternateEnclosure", "", (("type", "audio/opus"), ("length", "1500000")), (source,)),
        Element("podcast:alternateEnclosure", "", (("type", "audio/flac"), ("title", "Bad")), (bad,)),
    )
    page = episode_page(render(make_item(elements=formats), show=make_show(language="de")))
    assert (
        'Weitere Formate: <a href="../../media/one.opus" type="audio/opus">audio/opus</a> <small>1,5 MB</small>' in page
    )
    assert "Bad" not in page


def test_the_discussion_is_linked(render):
    post = Element("podcast:socialInteract", "", (("protocol", "activitypub"), ("uri", "https://social.example/1")))
    page = episode_page(render(make_item(elements=(post,))))
    assert '<a class="button quiet" href="https://social.example/1">Join the conversation</a>' in page


def test_a_post_on_bluesky_is_linked_by_its_web_address(render):
    uris = {
        "at://did:plc:abc/app.bsky.feed.post/3k2": '"https://bsky.app/profile/did:plc:abc/post/3k2"',
        "at://did:plc:abc": "",
        'at://"onclick=x()/app.bsky.feed.post/3k2': "",
    }
    for uri, href in uris.items():
        post = Element("podcast:socialInteract", "", (("protocol", "atproto"), ("uri", uri)))
        page = episode_page(render(make_item(elements=(post,))))
        assert (f"href={href}>Join the conversation" in page) == bool(href), uri
        assert '"onclick' not in page


def test_a_disabled_conversation_is_not_linked(render):
    post = Element("podcast:socialInteract", "", (("protocol", "disabled"), ("uri", "https://social.example/1")))
    assert "Join the conversation" not in episode_page(render(make_item(elements=(post,))))
    other = Element("podcast:socialInteract", "", (("protocol", "activitypub"), ("uri", "https://social.example/2")))
    assert "Join the conversation" not in episode_page(render(make_item(elements=(other, post))))


def test_an_announced_post_is_linked_by_its_web_address(render):
    uri, url = "https://social.example/users/show/statuses/1", "https://social.example/@show/1"
    post = Element("podcast:socialInteract", "", (("protocol", "activitypub"), ("uri", uri)))
    page = episode_page(render(make_item(elements=(post,), post_urls={uri: url})))
    assert f'href="{url}">Join the conversation</a>' in page
    assert uri not in page
    assert "javascript" not in episode_page(render(make_item(elements=(post,), post_urls={uri: "javascript:x()"})))


def test_every_page_names_the_account_on_mastodon(render):
    account = NetworkSettings(name="mastodon", options={"account": "@show@social.example"})
    clip = Soundbite(start_ms=5000, length_ms=20_000, title="A clip")
    item = make_item(soundbites=(clip,))
    pages = {
        key: page for key, page in render(item, show=make_show(announce=(account,))).items() if key.endswith("html")
    }
    tag = '<meta name="fediverse:creator" content="@show@social.example">'
    assert {key.split("/")[0] for key in pages} >= {"404.html", "clips", "episodes", "follow", "index.html"}
    assert [key for key, page in pages.items() if page.count(tag) != 1] == []
    assert not any("fediverse" in page for page in render(item).values() if isinstance(page, str))


def video_item(**settings):
    media = Media(key="media/bb/001-one.mp4", sha256="", bytes=9_000_000, mime="video/mp4", seconds=75.5)
    return make_item(enclosure=media, enclosure_url=f"{BASE}media/bb/001-one.mp4", **settings)


@pytest.mark.parametrize("page", ["episodes/001-one/index.html", "episodes/001-one/embed/index.html", "index.html"])
def test_video_plays_in_a_video_element_with_a_poster(render, page):
    card = Image(url=f"{BASE}media/cc/card.jpg", width=1200, height=630, mime="image/jpeg")
    pages = render(video_item(social_card=card))
    (element,) = re.findall(r"<(?:audio|video)[^>]*>", pages[page])
    up = "../" * page.count("/")
    assert element.startswith("<video ")
    assert f'preload="none" playsinline poster="{up}media/cc/card.jpg" src="{up}media/bb/001-one.mp4"' in element


def test_poster_of_a_video_without_a_social_card_is_the_artwork(render):
    assert f'poster="../../{ART.url.removeprefix(BASE)}"' in episode_page(render(video_item()))
    assert "poster" not in episode_page(render(video_item(), artwork=None))


def test_video_is_described_as_video_to_machines(render):
    pages = render(video_item())
    page = episode_page(pages)
    assert f'<meta property="og:video" content="{BASE}media/bb/001-one.mp4">' in page
    assert "og:audio" not in page
    assert '"@type":"VideoObject"' in page
    oembed = json.loads(pages["episodes/001-one/oembed.json"])
    assert oembed["height"] == 430
    assert 'height="430"' in oembed["html"]


def test_no_player_loads_anything_before_it_is_played(render):
    cues = make_transcript(*["A sentence of an ordinary length."] * 3000)
    pages = render(make_item(transcripts=(cues,)), video_item(episode=make_episode(2)))
    elements = [element for page in pages.values() for element in re.findall(r"<(?:audio|video)[^>]*>", page)]
    assert len(elements) == 6
    assert [element for element in elements if 'preload="none"' not in element] == []


def value_element(*recipients):
    children = tuple(Element("podcast:valueRecipient", attributes=tuple(row.items())) for row in recipients)
    return Element("podcast:value", attributes=(("type", "lightning"), ("method", "lnaddress")), children=children)


ANN = {"name": "Ann & Co", "type": "lnaddress", "address": "ann@wallet.example", "split": "90"}
BO = {"name": "Bo", "type": "node", "address": "02d5c1bf8b940dc9cadca86d1b0a3c37", "split": "10"}
FEE = {"name": "The app’s share", "type": "node", "address": "03d5", "split": "1", "fee": "true"}


def test_funding_of_an_episode_is_on_its_page(render):
    coffee = Element("podcast:funding", "Buy us a coffee", (("url", "https://pod.example/tip"),))
    unnamed = Element("podcast:funding", "", (("url", "https://pod.example/join"),))
    bad = Element("podcast:funding", "Bad", (("url", "javascript:alert(1)"),))
    page = episode_page(render(make_item(elements=(coffee, unnamed, bad))))
    assert '<a class="button quiet" href="https://pod.example/tip">Buy us a coffee</a>' in page
    assert '<a class="button quiet" href="https://pod.example/join">Support the show</a>' in page
    assert "javascript" not in page


def test_recipients_of_value_are_on_the_page_with_their_shares(render):
    page = episode_page(render(make_item(elements=(value_element(ANN, BO, FEE),))))
    link = '<a href="lightning:ann@wallet.example">Ann &amp; Co</a>'
    assert f"Value for value (Lightning): {link} (90%), Bo (10%)</p>" in page
    assert "The app’s share" not in page


def test_value_and_chat_of_an_episode_replace_those_of_the_show(render):
    chat = Element("podcast:chat", attributes=(("server", "irc.example"), ("protocol", "irc"), ("space", "#show")))
    show = make_show(elements=(value_element(ANN), chat))
    own_chat = Element("podcast:chat", attributes=(("server", "irc.example"), ("protocol", "irc"), ("space", "#one")))
    pages = render(make_item(elements=(value_element(BO), own_chat)), make_item(2), show=show)
    assert ("ann@wallet.example" in episode_page(pages), "#show" in episode_page(pages)) == (False, False)
    for key in ("episodes/002-one/index.html", "index.html", "follow/index.html"):
        assert "Value for value (Lightning): " in pages[key]
        assert 'Live chat: <a href="ircs://irc.example/%23show">#show</a> (IRC)' in pages[key]


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"protocol": "irc", "space": "#a b"}, '<a href="ircs://chat.example/%23a%20b">#a b</a> (IRC)'),
        ({"protocol": "irc"}, '<a href="ircs://chat.example/">chat.example</a> (IRC)'),
        ({"protocol": "matrix", "space": "#a:b.c"}, '<a href="https://matrix.to/#/%23a%3Ab.c">#a:b.c</a> (Matrix)'),
        ({"protocol": "matrix"}, "chat.example (Matrix)"),
        ({"protocol": "xmpp", "space": "a"}, '<a href="xmpp:a@chat.example?join">a</a> (XMPP)'),
        ({"protocol": "nostr", "accountId": "npub1x"}, '<a href="nostr:npub1x">chat.example</a> (Nostr)'),
        ({"protocol": "<b>", "space": "<i>"}, "&lt;i&gt; (&lt;b&gt;)"),
    ],
)
def test_chat_of_an_episode_is_linked_by_its_protocol(render, attributes, expected):
    chat = Element("podcast:chat", attributes=tuple(({"server": "chat.example"} | attributes).items()))
    assert f'<p class="chat">Live chat: {expected}</p>' in episode_page(render(make_item(elements=(chat,))))


def test_a_season_is_shown_with_its_title(render):
    named = Element("podcast:season", "1", (("name", "The River"),))
    items = [make_item(n, episode=make_episode(n, season=n), elements=(named,) if n == 1 else ()) for n in (2, 1)]
    pages = render(*items)
    assert "Season 1: The River" in pages["index.html"]
    assert "<h1>Season 1: The River</h1>" in pages["seasons/1/index.html"]
    assert "<title>Season 2 – Talking Back</title>" in pages["seasons/2/index.html"]


def test_the_check_date_of_the_apps_is_in_the_shows_language(render):
    page = render(show=make_show(language="es"))["follow/index.html"]
    assert re.search(r"por última vez el \d+ de [a-z]+ de 20\d\d\.", page)


def test_a_transcript_can_be_downloaded(render):
    page = episode_page(render(make_item(transcripts=(make_transcript("Hello."),))))
    assert '<a href="../../media/cc/one.vtt" type="text/vtt" download>VTT</a>' in page


def test_chapters_of_a_long_episode_show_hours(render):
    chapters = (Chapter(start_ms=0, title="One"), Chapter(start_ms=3_700_000, title="Two"))
    assert '<ol class="hours">' in episode_page(render(make_item(chapters=chapters)))


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("CC-BY-NC-SA-4.0", "https://creativecommons.org/licenses/by-nc-sa/4.0/"),
        ("cc0-1.0", "https://creativecommons.org/publicdomain/zero/1.0/"),
    ],
)
def test_a_creative_commons_licence_is_linked(render, name, address):
    page = episode_page(render(make_item(elements=(Element("podcast:license", name),))))
    assert f'<a rel="license" href="{address}">{name}</a>' in page


def test_any_other_licence_is_shown_without_a_link(render):
    page = episode_page(render(make_item(elements=(Element("podcast:license", "all rights-reserved"),))))
    assert '<p class="licence">Licence: all rights-reserved</p>' in page
