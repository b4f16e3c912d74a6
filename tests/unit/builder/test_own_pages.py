"""Pages of the podcaster's own: the same Markdown, guards, templates, prompts, menu and sitemap as all pages."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import PIL.Image
import pytest

from podcast_kit import builder
from podcast_kit.errors import InvalidInput
from podcast_kit.model import Wave
from podcast_kit.model.lineage import PAGES_UNIT, History
from podcast_kit.publish.fast_path import fingerprint_sources
from podcast_kit.publish.lineage import set_back_sources
from podcast_kit.source import project
from tests.support.shows import small

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
IMPRINT = "---\ntitle: Imprint\nmenu: true\n---\nAnn Lee, Vienna.\n\n## Law\n\nMore.\n"


def build(show):
    return builder.build(project.load_project(show), now=NOW)


def write_page(show, name, text):
    path = show / "pages" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def add_setting(show, text):
    with (show / "podcast.yaml").open("a") as file:
        file.write(text)


def read_html(show, key):
    return (show / "build" / key).read_text()


def problems_of(show):
    with pytest.raises(InvalidInput) as caught:
        build(show)
    return [(str(problem.location), problem.code, problem.text, problem.fix) for problem in caught.value.problems]


def menu_of(html):
    nav = html[html.index("<nav ") : html.index("</nav>")]
    return [
        (match[3], match[1], "aria-current" in match[2])
        for match in re.finditer(r'<a href="([^"]*)"([^>]*)>([^<]*)</a>', nav)
        if "button" not in match[2]
    ]


def test_a_page_is_published_with_menu_card_sitemap_and_search(tmp_path):
    show = small(tmp_path / "show")
    write_page(show, "imprint.md", IMPRINT)
    outputs = build(show).outputs
    html = read_html(show, "imprint/index.html")
    assert '<h1 dir="auto">Imprint</h1>' in html
    assert "<h2>Law</h2>" in html
    assert '<meta property="og:title" content="Imprint">' in html
    assert '<meta name="description" content="Ann Lee, Vienna.">' in html
    assert "imprint/card." in html
    assert menu_of(html) == [("Episodes", "../index.html#episodes", False), ("Imprint", "../imprint/index.html", True)]
    index = read_html(show, "index.html")
    assert menu_of(index) == [("Episodes", "./#episodes", False), ("Imprint", "imprint/index.html", False)] or menu_of(
        index
    )[1] == ("Imprint", "imprint/index.html", False)
    assert "/imprint/index.html</loc>" in read_html(show, "sitemap.xml")
    assert '["Imprint","imprint/index.html","","Ann Lee, Vienna.",""]' in read_html(show, "search.js")
    assert outputs["imprint/index.html"].wave is Wave.PAGES
    assert outputs["imprint/index.html"].own_digest
    assert "og:audio" not in html


def test_shows_without_pages_have_the_same_menu_as_before(tmp_path):
    show = small(tmp_path / "show")
    build(show)
    assert menu_of(read_html(show, "follow/index.html")) == [("Episodes", "../index.html#episodes", False)]


def test_pages_are_sorted_by_order_and_drafts_and_others_are_not_in_the_menu(tmp_path):
    show = small(tmp_path / "show")
    write_page(show, "zebra.md", "---\ntitle: Zebra\nmenu: true\norder: 1\n---\nA.")
    write_page(show, "about/index.md", "---\ntitle: About us all\nmenu: About\n---\nB.")
    write_page(show, "later.md", "---\ntitle: Later\nmenu: true\ndraft: true\n---\nC.")
    write_page(show, "quiet.md", "---\ntitle: Quiet\nslug: hush\n---\nD.")
    outputs = build(show).outputs
    assert {key for key in outputs if key.count("/") == 1 and key.endswith("index.html")} == {
        "zebra/index.html",
        "about/index.html",
        "hush/index.html",
        "follow/index.html",
    }
    assert [title for title, *_ in menu_of(read_html(show, "hush/index.html"))] == ["Episodes", "Zebra", "About"]


def test_menu_of_podcast_yaml_replaces_the_usual_one_and_is_translated(tmp_path):
    show = small(tmp_path / "show")
    (show / "podcast.yaml").write_text((show / "podcast.yaml").read_text().replace("language: en", "language: de"))
    write_page(show, "about.md", "---\ntitle: Über uns\nmenu: true\n---\nB.")
    (show / "static/press").mkdir(parents=True)
    (show / "static/press/kit.pdf").write_bytes(b"%PDF")
    entries = (
        "menu:\n  - about\n  - episodes\n  - {title: Laden, url: https://shop.example/}\n"
        "  - {title: Presse, url: press/kit.pdf}\n"
        "  - {title: Post, url: 'mailto:ann@pod.example'}\n  - {title: Folgen, url: /follow/}\n"
    )
    add_setting(show, entries)
    build(show)
    assert menu_of(read_html(show, "about/index.html")) == [
        ("Über uns", "../about/index.html", True),
        ("Folgen", "../index.html#episodes", False),
        ("Laden", "https://shop.example/", False),
        ("Presse", "../press/kit.pdf", False),
        ("Post", "mailto:ann@pod.example", False),
        ("Folgen", "../follow/index.html", False),
    ]


def test_wrong_menu_entries_are_reported_with_place_and_fix(tmp_path):
    show = small(tmp_path / "show")
    write_page(show, "about.md", "---\ntitle: About\n---\nB.")
    add_setting(show, "menu: [abuot, gone.pdf]\n")
    problems = problems_of(show)
    assert [code for _, code, *_ in problems] == ["menu.missing", "menu.missing"]
    assert "did you mean 'about'?" in problems[0][3]
    assert problems[0][0].startswith("podcast.yaml:")
    text = (show / "podcast.yaml").read_text()
    (show / "podcast.yaml").write_text(text.replace("menu: [abuot, gone.pdf]", "menu: ['javascript:alert(1)', '../x']"))
    assert {code for _, code, *_ in problems_of(show)} == {"value.url"}


def test_text_pictures_markers_and_links_work_as_in_notes(tmp_path):
    show = small(tmp_path / "show")
    (show / "pages").mkdir()
    PIL.Image.new("RGB", (400, 300), "navy").save(show / "pages/team.png")
    (show / "static").mkdir()
    (show / "static/kit.pdf").write_bytes(b"%PDF")
    add_setting(show, "contact: {mail: ann@pod.example}\n")
    text = (
        "---\ntitle: About\nprompts: default\n---\nHello.\n\n![The team](team.png)\n\n{{ contact }}\n\n"
        "[First talk](../episodes/001-talk.md), [imprint](imprint.md#law), [kit](../static/kit.pdf)\n\n"
        "00:00 Not a chapter\n01:00 Nor this\n02:00 Nor that\n"
    )
    write_page(show, "about.md", text)
    write_page(show, "imprint.md", IMPRINT)
    write_page(show, "plain.md", "---\ntitle: Plain\n---\nHello.")
    build(show)
    html = read_html(show, "about/index.html")
    assert re.search(r'<img src="\.\./media/[0-9a-f]{16}/team\.png" srcset=', html)
    assert "mailto:ann@pod.example?subject=About" in html
    assert 'href="../episodes/001-talk/index.html"' in html
    assert 'href="../imprint/index.html#law"' in html
    assert 'href="../kit.pdf"' in html
    assert "#t=" not in html
    assert 'class="prompts"' in html
    assert "#share" not in html
    assert 'class="prompts"' not in read_html(show, "plain/index.html")


def test_prompts_are_where_the_marker_is(tmp_path):
    show = small(tmp_path / "show")
    write_page(show, "about.md", "---\ntitle: About\n---\nBefore.\n\n{{ prompts }}\n\nAfter.\n")
    build(show)
    html = read_html(show, "about/index.html")
    assert html.index("Before.") < html.index('class="prompts"') < html.index("After.")


def test_episodes_link_to_pages_and_static_files(tmp_path):
    show = small(tmp_path / "show")
    write_page(show, "about.md", "---\ntitle: About\n---\nB.")
    (show / "static").mkdir()
    (show / "static/kit.pdf").write_bytes(b"%PDF")
    with (show / "episodes/001-talk.md").open("a") as notes:
        notes.write("\n\n[us](../pages/about.md) and [kit](../static/kit.pdf) and [no](../static/gone.pdf)\n")
    loaded = project.load_project(show)
    assert [(row.code, "gone.pdf" in row.text) for row in loaded.warnings] == [("notes.link", True)]
    built = builder.build(loaded, now=NOW)
    html = read_html(show, "episodes/001-talk/index.html")
    assert 'href="../../about/index.html"' in html
    assert 'href="../../kit.pdf"' in html
    url = built.project.show.publish.url
    feed = read_html(show, "feed.xml")
    assert f"{url}about/index.html" in feed
    assert f"{url}kit.pdf" in feed


HOSTILE = """---
title: '<script>alert("title")</script>'
description: '"><script>alert(2)</script>'
menu: '<img src=x onerror=alert(3)>'
---
<script>alert(4)</script>

[a](javascript:alert(5)) [b](data:text/html,<script>alert(6)</script>)

<iframe src="https://evil.example"></iframe> <a href="x" onclick="alert(7)">x</a>

![x](https://evil.example/pixel.png)
"""


def test_hostile_pages_are_sanitized_as_notes_are(tmp_path):
    show = small(tmp_path / "show")
    write_page(show, "bad.md", HOSTILE)
    build(show)
    for key in ("bad/index.html", "index.html"):
        html = read_html(show, key)
        assert "<script>alert" not in html
        assert "<img src=x" not in html
        assert not re.search(r'href="(?:javascript|data):', html)
        assert "<iframe" not in html
        assert not re.search(r"<[^>]*\son(?:click|error)=", html)
        assert 'src="https://evil.example' not in html


@pytest.mark.parametrize(
    ("name", "front", "code", "words"),
    [
        ("index.md", "title: A", "page.taken", "templates/index.html"),
        ("media.md", "title: A", "page.taken", "media/"),
        ("private.md", "title: A", "page.taken", "private/"),
        ("follow.md", "title: A", "page.taken", "podcast-kit makes follow/ itself"),
        ("a.md", "title: A\nslug: FOLLOW", "page.taken", "itself"),
        ("feed.json.md", "title: A", "page.taken", "itself"),
        ("a b.md", "title: A", "slug.form", "a-b"),
        ("a.md", "menu: true", "key.missing", "title"),
        ("a.md", "title: A\ntemplate: wide.html", "template.missing", "templates/wide.html"),
        ("a.md", "title: A\ntemplate: episode.html", "template.missing", "not for pages"),
        ("a.md", "title: A\ntemplate: ../../x.html", "value.form", "templates/"),
        ("a.md", "title: A\norder: first", "value.number", "digits"),
        ("a.md", "title: A\nlayout: page", "key.renamed", "template"),
        ("a.md", "title: A\nprompts: none-such", "value.unknown", "none-such"),
        ("a.md", "title: A\nimage: gone.png", "file.missing", "gone.png"),
        ("a.md", "title: A\naliases: [/follow/]", "alias.taken", "existing page"),
        ("a.md", "title: A\naliases: [/episodes/001-talk/]", "alias.taken", "001-talk.md"),
    ],
)
def test_wrong_pages_are_reported_with_place_and_fix(tmp_path, name, front, code, words):
    show = small(tmp_path / "show")
    write_page(show, name, f"---\n{front}\n---\nText.\n")
    [(place, found, text, fix)] = problems_of(show)
    assert found == code
    assert place.startswith(f"pages/{name}")
    assert words in text + fix
    assert fix


def test_two_pages_with_one_slug_and_static_files_in_the_way_are_reported(tmp_path):
    show = small(tmp_path / "show")
    write_page(show, "about.md", "---\ntitle: A\n---\nText.\n")
    write_page(show, "about/index.md", "---\ntitle: B\n---\nText.\n")
    write_page(show, "other.md", "---\ntitle: A\nslug: ABOUT\n---\nText.\n")
    assert [code for _, code, *_ in problems_of(show)] == ["slug.unique", "slug.unique"]
    (show / "pages/other.md").unlink()
    (show / "pages/about/index.md").unlink()
    (show / "static/about").mkdir(parents=True)
    (show / "static/about/index.html").write_text("mine")
    assert [(place, code) for place, code, *_ in problems_of(show)] == [("static/about/index.html", "static.taken")]


def test_renamed_pages_redirect(tmp_path):
    show = small(tmp_path / "show")
    write_page(show, "about.md", "---\ntitle: About\naliases: [team, /old/about.html]\n---\nText.\n")
    build(show)
    for key in ("team/index.html", "old/about.html"):
        html = read_html(show, key)
        assert "../about/index.html" in html
        assert "About –" in html


def test_a_template_of_the_show_renders_a_page(tmp_path):
    show = small(tmp_path / "show")
    (show / "templates").mkdir()
    (show / "templates/wide.html").write_text(
        '{% extends "page.html" %}{% block text %}<div class="wide">{{ local(content) | safe }}</div>{% endblock %}'
    )
    write_page(show, "about.md", "---\ntitle: About\ntemplate: wide.html\n---\nText.\n")
    build(show)
    assert '<div class="wide"><p>Text.</p>' in read_html(show, "about/index.html")


def test_an_unchanged_page_is_not_written_again_and_pages_count_as_sources(tmp_path):
    show = small(tmp_path / "show")
    write_page(show, "imprint.md", IMPRINT)
    before, sources = fingerprint_sources(show), build(show).sources
    assert build(show).files_written == 0
    write_page(show, "imprint.md", IMPRINT.replace("Vienna", "Graz"))
    again = build(show)
    assert again.files_written == 2  # the page, and the search index
    assert "Graz" in read_html(show, "imprint/index.html")
    assert fingerprint_sources(show) != before
    assert again.sources[PAGES_UNIT] != sources[PAGES_UNIT]
    assert set_back_sources(History(), sources, 1)[PAGES_UNIT] == sources[PAGES_UNIT]
    (show / "pages/imprint.md").unlink()
    assert "imprint/index.html" not in build(show).outputs
    assert not (show / "build/imprint").exists()


def test_website_is_the_link_of_every_feed_while_pages_stay(tmp_path):
    show = small(tmp_path / "show")
    add_setting(show, "website: https://www.pod.example/show\n")
    built = build(show)
    feed = read_html(show, "feed.xml")
    assert feed.count("<link>https://www.pod.example/show</link>") == 2  # of the channel and of its image
    assert json.loads(read_html(show, "feed.json"))["home_page_url"] == "https://www.pod.example/show"
    assert 'htmlUrl="https://www.pod.example/show"' in read_html(show, "follow/show.opml")
    assert f'<link rel="canonical" href="{built.project.show.page_url("index.html")}">' in read_html(show, "index.html")
    assert '"sameAs":["https://www.pod.example/show"' in read_html(show, "index.html")


def test_every_key_of_a_page_is_documented():
    from podcast_kit.source import pages

    keys = set(re.findall(r'(?:optional|required|value)\("([a-z]+)"', Path(pages.__file__).read_text()))
    keys |= {"aliases", "ignore"}
    guide = (Path(__file__).parents[3] / "docs/how-to/own-pages.md").read_text()
    assert {key for key in keys if f"| `{key}` |" not in guide} == set()
