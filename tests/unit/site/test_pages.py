import html
import json
import re
from dataclasses import replace
from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podcast_kit import site
from podcast_kit.errors import InvalidInput
from podcast_kit.model import (
    Chapter,
    Element,
    EpisodeType,
    Image,
    ListenLink,
    Person,
    Placement,
    PromptSet,
    PublishSettings,
    ShowType,
)
from tests.support.site_factories import ART, BASE, make_episode, make_item, make_show, make_transcript


@pytest.fixture
def render(tmp_path):
    def render(*items, show=None, **options):
        pages = site.render_site(show or make_show(), items, folder=tmp_path, **{"artwork": ART, **options})
        return {key: data.decode() for key, data in pages.items()}

    return render


def episode_page(pages, slug="001-one"):
    return pages[f"episodes/{slug}/index.html"]


def make_items(count, **settings):
    return [make_item(number, **settings) for number in range(count, 0, -1)]


def test_every_kind_of_page_is_rendered(render):
    item = make_item(
        1, transcripts=(make_transcript("word " * 5000),), episode=make_episode(1, tags=("Talk",), season=1)
    )
    other = make_item(2, episode=make_episode(2, season=2))
    assert {re.sub(r"\.\w{10}\.", ".", key) for key in render(other, item)} == {
        "404.html",
        "assets/episode-search.js",
        "assets/site.js",
        "assets/style.css",
        "episodes/001-one/embed/index.html",
        "episodes/001-one/index.html",
        "episodes/001-one/oembed.json",
        "episodes/001-one/transcript/index.html",
        "episodes/002-one/embed/index.html",
        "episodes/002-one/index.html",
        "episodes/002-one/oembed.json",
        "follow/index.html",
        "follow/qr.svg",
        "index.html",
        "people/ada-voice/index.html",
        "robots.txt",
        "search.js",
        "seasons/1/index.html",
        "seasons/2/index.html",
        "site.webmanifest",
        "sitemap.xml",
        "tags/talk/index.html",
    }


@pytest.mark.parametrize("clean", [False, True], ids=["with index.html", "clean"])
def test_every_internal_link_has_a_target(render, clean):
    show = make_show(publish=PublishSettings(url=BASE, clean_urls=clean))
    items = [
        replace(item, url=show.page_url(f"episodes/{item.episode.slug}/index.html"))
        for item in make_items(60, transcripts=(make_transcript("Hello there."),))
    ]
    pages = render(*items, show=show)
    targets = {show.page_url(key) for key in pages} | {item.enclosure_url for item in items} | {ART.url}
    targets |= {f"{BASE}{key}" for key in ("feed.xml", "feed.json", "follow/show.opml", "media/cc/one.vtt")}
    for key, text in pages.items():
        if key.endswith(".html"):
            for link in re.findall(r'\s(?:href|src)="([^"]*)"', text):
                full = urljoin(show.page_url(key), html.unescape(link)).partition("#")[0]
                assert not full.startswith(BASE) or full in targets, (key, link)


def test_pages_link_their_canonical_url_and_the_feed(render):
    page = episode_page(render(make_item()))
    assert f'<link rel="canonical" href="{BASE}episodes/001-one/index.html">' in page
    assert '<link rel="alternate" type="application/rss+xml" title="Talking Back" href="../../feed.xml">' in page


def test_an_episode_can_be_played_downloaded_and_followed(render):
    page = episode_page(render(make_item(chapters=(Chapter(start_ms=61_000, title="Two"),))))
    assert '<audio id="player" controls preload="none" src="../../media/bb/001-one.mp3"' in page
    assert "1.2 MB" in page
    assert '<a href="../../media/bb/001-one.mp3#t=61"><span>1:01</span> <span>Two</span></a>' in page
    assert 'href="../../follow/index.html">Follow</a>' in page


def test_chapters_without_toc_are_not_listed(render):
    page = episode_page(render(make_item(chapters=(Chapter(start_ms=0, title="Only a picture", toc=False),))))
    assert "Only a picture" not in page
    assert "chapters-title" not in page


def test_episodes_link_to_the_previous_and_next_one(render):
    pages = render(*make_items(3))
    page = episode_page(pages, "002-one")
    assert re.search(r'rel="prev" href="../../episodes/001-one/index.html"', page)
    assert re.search(r'rel="next" class="next" href="../../episodes/003-one/index.html"', page)
    assert 'rel="next"' not in episode_page(pages, "003-one")


def test_the_index_is_paginated_newest_first(render):
    pages = render(*make_items(120))
    first, last = pages["index.html"], pages["page/3/index.html"]
    assert [first.index(f">Number {n}<") for n in (120, 119, 71)] == sorted(
        first.index(f">Number {n}<") for n in (120, 119, 71)
    )
    assert first.count('class="card"') == 50
    assert last.count('class="card"') == 20
    assert 'href="../../index.html">1</a>' in last
    assert 'aria-current="page">3<' in last


def test_a_serial_show_lists_the_oldest_first(render):
    pages = render(*make_items(3), show=make_show(type=ShowType.SERIAL))
    listed = pages["index.html"].partition('id="all"')[2]
    assert listed.index(">Number 1<") < listed.index(">Number 3<")


def test_the_trailer_is_offered_first(render):
    trailer = make_item(1, episode=make_episode(1, type=EpisodeType.TRAILER))
    pages = render(make_item(2), trailer)
    assert re.search(r'href="episodes/001-one/index.html">Play the trailer', pages["index.html"])


def test_a_show_without_episodes_has_a_page(render):
    assert "No episodes yet" in render()["index.html"]


def test_a_short_transcript_is_on_the_episode_page_and_a_long_one_on_its_own_page(render):
    short = render(make_item(transcripts=(make_transcript("Hello there.", "General."),)))
    assert '<b>Ada</b> <a href="../../media/bb/001-one.mp3#t=0">0:00</a> Hello there. General.' in (episode_page(short))
    long = render(make_item(transcripts=(make_transcript(*["Many words are said here."] * 2000),)))
    assert "Many words" not in episode_page(long)
    assert 'href="../../episodes/001-one/transcript/index.html"' in episode_page(long)
    assert "Many words" in long["episodes/001-one/transcript/index.html"]


@pytest.mark.parametrize(
    ("placement", "notes", "count"),
    [
        (Placement.END, "Notes.", 1),
        (Placement.END, "<https://podcasts.apple.com/podcast/id1000000001?action=write-review>", 1),
        (Placement.MARKER, "Notes.\n\n{{ prompts }}\n", 1),
        (Placement.MARKER, "Notes that speak of {{ prompts }}.", 0),
        (Placement.NONE, "Notes.\n\n{{ prompts }}\n", 0),
    ],
)
def test_the_transcript_page_has_prompts_if_the_notes_have_them(render, placement, notes, count):
    item = make_item(episode=make_episode(notes=notes), transcripts=(make_transcript("word " * 5000),))
    pages = render(item, show=make_show(prompts={"default": PromptSet(placement=placement)}))
    page = pages["episodes/001-one/transcript/index.html"]
    assert page.count("action=write-review") == count
    assert page.count(">Any other app<") == count


def test_the_header_links_to_the_prompts_or_to_the_follow_page(render):
    assert 'href="#follow">Follow</a>' in episode_page(
        render(make_item(page='<div class="prompts" id="follow"></div>'))
    )
    assert 'href="../../follow/index.html">Follow</a>' in episode_page(render(make_item(page="<p>x</p>")))


def test_urls_in_notes_become_relative_but_text_does_not(render):
    notes = f'<p>"{BASE}a" href="{BASE}b" <a title="x > y" href="{BASE}media/c.png">c</a></p>'
    page = episode_page(render(make_item(page=notes)))
    assert f'"{BASE}a" href="{BASE}b" <a title="x > y" href="../../media/c.png">' in page


def test_urls_in_srcset_become_relative(render):
    notes = f'<img src="{BASE}media/a.png" srcset="{BASE}media/s.png 320w, {BASE}media/a.png 900w" alt="">'
    page = episode_page(render(make_item(page=notes)))
    assert 'src="../../media/a.png" srcset="../../media/s.png 320w, ../../media/a.png 900w"' in page


def test_the_404_page_has_inline_css_and_absolute_paths(render):
    page = render()["404.html"]
    assert "<style>" in page
    assert 'rel="stylesheet"' not in page
    assert 'href="/show/index.html"' in page
    assert "noindex" in page


def test_episode_pages_have_json_ld(render):
    page = episode_page(render(make_item()))
    data = json.loads(re.search(r'<script type="application/ld\+json">(.*)</script>', page)[1])
    assert (data["@type"], data["duration"], data["episodeNumber"]) == ("PodcastEpisode", "PT1M16S", 1)
    assert data["associatedMedia"]["contentSize"] == "1234567"
    assert data["partOfSeries"]["webFeed"] == f"{BASE}feed.xml"


def test_the_player_can_be_embedded_through_oembed(render):
    pages = render(make_item())
    data = json.loads(pages["episodes/001-one/oembed.json"])
    assert f'src="{BASE}episodes/001-one/embed/index.html"' in data["html"]
    assert (data["version"], data["type"], data["width"]) == ("1.0", "rich", 600)
    assert 'type="application/json+oembed" title="Number 1" href="../../episodes/001-one/oembed.json"' in episode_page(
        pages
    )


def test_social_cards_and_icons_are_linked(render):
    card = Image(url=f"{BASE}media/dd/card.jpg", width=1200, height=630, mime="image/jpeg")
    icon = Image(url=f"{BASE}media/ee/icon-180.png", width=180, height=180, mime="image/png")
    pages = render(make_item(social_card=card), icons=(icon,))
    page = episode_page(pages)
    assert f'<meta property="og:image" content="{card.url}">' in page
    assert 'content="summary_large_image"' in page
    assert '<link rel="apple-touch-icon" type="image/png" sizes="180x180" href="../../media/ee/icon-180.png">' in page
    assert json.loads(pages["site.webmanifest"])["icons"][0]["src"] == "media/ee/icon-180.png"


def test_images_use_the_smallest_sufficient_thumbnail(render):
    thumbnails = tuple(replace(ART, url=f"{BASE}media/{w}.jpg", width=w, height=w) for w in (160, 320, 640))
    page = episode_page(render(make_item(), artwork=replace(ART, thumbnails=thumbnails)))
    assert 'src="../../media/160.jpg" srcset="../../media/160.jpg 1x, ../../media/320.jpg 2x"' in page


def test_the_smart_app_banner_needs_an_apple_podcasts_id(render):
    assert "app-argument=https://podcasts.apple.com/podcast/id1000000001" in episode_page(render(make_item()))
    assert "apple-itunes-app" not in episode_page(render(make_item(), show=make_show(listen=())))


def test_people_and_tags_have_pages(render):
    guest = Person(name="Bo & Co", role="guest", url="https://bo.example/")
    pages = render(make_item(2), make_item(1, people=(guest,), episode=make_episode(1, tags=("Big Talk",))))
    shelf = pages["people/bo-co/index.html"]
    assert "Bo &amp; Co" in shelf
    assert 'href="../../episodes/001-one/index.html"' in shelf
    assert "002-one" not in shelf
    assert '<a href="../../people/bo-co/index.html">Bo &amp; Co</a> <span class="role">(Guest)</span>' in episode_page(
        pages
    )
    assert "Topic: Big Talk" in pages["tags/big-talk/index.html"]


def test_the_sitemap_lists_every_page_except_embeds(render):
    pages = render(make_item())
    urls = re.findall("<loc>([^<]*)</loc>", pages["sitemap.xml"])
    assert f"{BASE}episodes/001-one/index.html" in urls
    assert f"{BASE}people/ada-voice/index.html" in urls
    assert not [url for url in urls if "embed" in url or "404" in url]
    assert f"Sitemap: {BASE}sitemap.xml" in pages["robots.txt"]


HOSTILE = """"'><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}</title></style>&#x3c;"""


def test_hostile_text_is_escaped(render):
    item = make_item(
        episode=make_episode(title=HOSTILE, tags=(HOSTILE,)),
        summary=HOSTILE,
        people=(Person(name=HOSTILE, role=HOSTILE),),
        chapters=(Chapter(start_ms=0, title=HOSTILE),),
        transcripts=(make_transcript(HOSTILE, speaker=HOSTILE),),
    )
    show = make_show(title=HOSTILE, description=HOSTILE, author=HOSTILE, copyright=HOSTILE)
    for key, text in render(item, show=show).items():
        if key.endswith((".html", ".xml", ".svg")):
            assert not re.search(r"<script>|<img src=x", text), key
            assert "49" not in re.findall(r"\{\{.*?\}\}", text)


@settings(max_examples=25)
@given(st.text(max_size=60), st.text(max_size=60))
def test_no_text_breaks_a_page(tmp_path_factory, title, name):
    item = make_item(episode=make_episode(title=title, tags=(name,)), people=(Person(name=name),), summary=name)
    folder = tmp_path_factory.getbasetemp()
    pages = site.render_site(make_show(title=title), [item], folder=folder)
    for key, data in pages.items():
        assert ".." not in urlsplit(key).path.split("/")
        if key.endswith(".html"):
            assert data.count(b"<h1") == 1


def test_a_pages_digest_changes_only_with_its_content(tmp_path):
    def digests(items, show=None):
        pages_of_show = site.Site(show=show or make_show(), folder=tmp_path, artwork=ART)
        return {page.key: page.digest for page in pages_of_show.build_pages(items)}

    items = make_items(9)
    before = digests(items)
    assert digests(make_items(9)) == before
    items[4] = make_item(5, page="<p>Other notes.</p>")
    after = digests(items)
    assert {key for key in before if before[key] != after[key]} == {"episodes/005-one/index.html"}
    items[4] = make_item(5, episode=make_episode(5, title="Another title"))
    changed = {key for key, digest in digests(items).items() if before[key] != digest}
    assert {f"episodes/00{n}-one/index.html" for n in (4, 5, 6)} | {"index.html", "search.js"} <= changed
    assert "episodes/003-one/index.html" not in changed


def test_rendering_twice_gives_the_same_bytes(tmp_path):
    first = site.render_site(make_show(), make_items(3), folder=tmp_path)
    assert site.render_site(make_show(), make_items(3), folder=tmp_path) == first


def test_an_episodes_page_is_small(render):
    chapters = tuple(Chapter(start_ms=at * 60_000, title=f"What is said in minute {at}") for at in range(40))
    transcripts = (make_transcript(*["This is a sentence of an ordinary length."] * 450),)
    notes = "<p>" + "An ordinary sentence of the notes. " * 120 + "</p>"
    pages = render(make_item(chapters=chapters, transcripts=transcripts, page=notes))
    loaded = ("assets/style", "assets/site")
    assets = sum(len(text.encode()) for key, text in pages.items() if key.startswith(loaded))
    assert len(episode_page(pages).encode()) + assets <= 60_000


def test_an_invalid_listen_link_is_an_error(render):
    with pytest.raises(InvalidInput):
        render(make_item(), show=make_show(listen=(replace(make_show().listen[0], value="x"),)))


def test_licence_and_funding_are_linked(render):
    licence = Element("podcast:license", "cc-by-4.0", (("url", "https://creativecommons.example/by"),))
    funding = Element("podcast:funding", "Buy us a coffee", (("url", "https://coffee.example/"),))
    bad = Element("podcast:funding", "Bad", (("url", "javascript:alert(1)"),))
    pages = render(
        make_item(elements=(replace(licence, text="cc0"),)), show=make_show(elements=(licence, funding, bad))
    )
    page = episode_page(pages)
    assert '<a rel="license" href="https://creativecommons.example/by">cc-by-4.0</a>' in page
    assert ">cc0</a>" in page
    assert '<a href="https://coffee.example/">Buy us a coffee</a>' in page
    assert "Bad" not in page


def test_episode_links_on_other_services(render):
    links = (
        ListenLink(service="apple", value="1000700000001"),
        ListenLink(service="club", value="https://club.example/1"),
    )
    page = episode_page(render(make_item(episode=make_episode(listen=links))))
    assert '<a href="https://podcasts.apple.com/podcast/id1000000001?i=1000700000001">Apple Podcasts</a>' in page
    assert '<a href="https://club.example/1">Club</a>' in page
    with pytest.raises(InvalidInput) as raised:
        render(make_item(episode=make_episode(listen=(ListenLink(service="overcast", value="12"),))))
    assert [problem.code for problem in raised.value.problems] == ["listen.id"]


def test_a_chapter_can_have_a_link(render):
    chapters = (
        Chapter(start_ms=0, title="One", url="https://one.example/"),
        Chapter(start_ms=1, title="Two", url="mailto:x"),
    )
    page = episode_page(render(make_item(chapters=chapters)))
    assert '<a class="more" href="https://one.example/" aria-label="More about “One”">' in page
    assert "mailto:x" not in page


def test_the_embed_code_is_shown(render):
    page = episode_page(render(make_item()))
    code = html.unescape(re.search(r"<textarea[^>]*>(.*?)</textarea>", page, re.DOTALL)[1])
    assert code == json.loads(render(make_item())["episodes/001-one/oembed.json"])["html"]
