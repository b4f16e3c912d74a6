"""Addresses that pages had before lead to where they are now."""

import html
import re
import shutil
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from podcast_kit import builder, site
from podcast_kit.errors import InvalidInput
from podcast_kit.model import PublishSettings
from podcast_kit.source import lock, project
from tests.support.shows import add, small, tree
from tests.support.site_factories import ART, BASE, make_episode, make_item, make_show, make_transcript

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def made(show, *, now=NOW, **settings):
    return builder.build(project.load_project(show), now=now, **settings)


def published(show, **settings):
    done = made(show, **settings)
    builder.write_lock(done)
    return done


def rename(show, old, new):
    for file in sorted((show / "episodes").glob(f"{old}.*")):
        file.rename(file.with_name(file.name.replace(old, new)))


def page(done, slug, below=""):
    return (done.folder / f"episodes/{slug}/{below}index.html").read_text("utf-8")


def leads(text):
    """The path of the page to which one sends whoever comes."""
    found = re.search(r'<meta http-equiv="refresh" content="0; url=(?:\.\./)+([^"]*)">', text)
    return html.unescape(found[1]) if found else None


def faults(show):
    with pytest.raises(InvalidInput) as caught:
        made(show)
    return [(str(one.location), one.code) for one in caught.value.problems]


@pytest.fixture
def show(tmp_path):
    return small(tmp_path / "show", episodes=2)


@pytest.fixture
def render(tmp_path):
    def render(*items, show=None, **said):
        made = site.render_site(show or make_show(), items, folder=tmp_path, **{"artwork": ART, **said})
        return {key: data.decode() for key, data in made.items()}

    return render


def test_old_url_of_a_renamed_episode_redirects(show):
    published(show)
    rename(show, "001-talk", "first-talk")
    done = made(show)
    assert leads(page(done, "001-talk")) == "episodes/first-talk/index.html"
    assert leads(page(done, "001-talk", "embed/")) == "episodes/first-talk/embed/index.html"
    assert leads(page(done, "first-talk")) is None


def test_both_old_urls_redirect_after_a_second_rename(show):
    published(show)
    rename(show, "001-talk", "first-talk")
    published(show)
    rename(show, "first-talk", "opening")
    done = published(show)
    assert [leads(page(done, slug)) for slug in ("001-talk", "first-talk")] == ["episodes/opening/index.html"] * 2
    assert done.lock[0].former_slugs == ("001-talk", "first-talk")
    assert lock.read_lock(show / "podcast.lock") == done.lock
    assert made(show).files_written == 0


def test_old_url_is_the_page_again_after_renaming_back(show):
    for old, new in (("001-talk", "first-talk"), ("first-talk", "001-talk")):
        published(show)
        rename(show, old, new)
    done = published(show)
    assert leads(page(done, "001-talk")) is None
    assert leads(page(done, "first-talk")) == "episodes/001-talk/index.html"
    assert done.lock[0].former_slugs == ("first-talk",)


def test_episodes_that_swap_slugs_keep_their_pages(show):
    published(show)
    for old, new in (("001-talk", "x"), ("002-talk", "001-talk"), ("x", "002-talk")):
        rename(show, old, new)
    done = made(show)
    assert (leads(page(done, "001-talk")), leads(page(done, "002-talk"))) == (None, None)


def test_a_former_slug_can_be_used_by_a_new_episode(show):
    published(show)
    rename(show, "001-talk", "first-talk")
    published(show)
    add(show, 1, guid="another", date="2026-02-01", title="Another")
    done = made(show)
    assert "<h1>Another</h1>" in page(done, "001-talk")
    assert leads(page(done, "001-talk", "embed/")) is None


def test_a_slug_that_was_never_published_is_forgotten(show):
    add(show, 3, date="2026-12-24 08:00")
    published(show, ahead=True)
    rename(show, "003-talk", "surprise")
    published(show, ahead=True)
    done = made(show, now=datetime(2026, 12, 25, tzinfo=UTC))
    assert "episodes/surprise/index.html" in done.outputs
    assert not any(key.startswith("episodes/003-talk/") for key in done.outputs)


def test_a_new_recording_keeps_the_former_slugs(show):
    published(show)
    rename(show, "001-talk", "first-talk")
    shutil.copy("episodes/001-more-social.mp3", show / "episodes/first-talk.mp3")
    assert published(show).lock[0].former_slugs == ("001-talk",)
    assert published(show, retag=["first-talk"]).lock[0].former_slugs == ("001-talk",)


def test_redirects_are_the_same_bytes_without_the_audio(show, tmp_path):
    published(show)
    rename(show, "001-talk", "first-talk")
    whole = tree(published(show).folder)
    bare = shutil.copytree(show, tmp_path / "ci", ignore=shutil.ignore_patterns("*.mp3", "build", ".podcast-kit"))
    done = made(bare)
    assert tree(done.folder) == {key: data for key, data in whole.items() if not key.endswith(".mp3")}
    assert leads(page(done, "001-talk")) == "episodes/first-talk/index.html"


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("old-name", "episodes/old-name/index.html"),
        ("/old-name/", "old-name/index.html"),
        ("/2019/05/old-name/", "2019/05/old-name/index.html"),
        ("/2019/old.html", "2019/old.html"),
        ("/Show_notes/v1.0-is-out", "Show_notes/v1.0-is-out/index.html"),
    ],
)
def test_an_alias_is_read_as_hugo_reads_it(show, written, key):
    add(show, 1, aliases=f"[{written}]")
    done = made(show)
    assert leads((done.folder / key).read_text("utf-8")) == "episodes/001-talk/index.html"


@pytest.mark.parametrize(
    "written",
    ["/", "/index.html", "../x", "/a/../b", "https://pod.example/x/", "/?p=12", "a b", "/feed.xml", "/feed.xml/x/",
     "/media/x/", "/MEDIA/x/", "/.podcast-kit/x/", "/assets/x/", "/a//b", "old.", "x.html", "/a" * 300],
)  # fmt: skip
def test_an_alias_that_is_not_a_page_url_is_refused_with_its_location(show, written):
    add(show, 1, aliases=f'[fine, "{written}"]')
    assert faults(show) == [("episodes/001-talk.md:6:17", "alias.form")]


@pytest.mark.parametrize(
    "written",
    ["001-talk", "002-talk", "/follow/index.html", "/follow/", "/people/ann-lee/", "002-talk/embed", "/FOLLOW/"],
)
def test_an_alias_that_is_a_page_is_refused_with_its_location(show, written):
    add(show, 1, aliases=f"[fine, {written}]", people="[{name: Ann Lee}]")
    assert faults(show) == [("episodes/001-talk.md:6:17", "alias.taken")]


def test_an_alias_with_the_slug_of_a_draft_is_refused(show):
    add(show, 2, draft="true")
    add(show, 1, aliases="002-talk")
    assert faults(show) == [("episodes/001-talk.md:6:1", "alias.taken")]


def test_an_alias_of_two_episodes_is_refused_at_the_second(show):
    for number in (1, 2):
        add(show, number, aliases="/old/")
    assert faults(show) == [("episodes/002-talk.md:6:1", "alias.taken")]


def test_an_alias_takes_precedence_over_a_former_slug(show):
    published(show)
    rename(show, "001-talk", "first-talk")
    add(show, 2, aliases="001-talk")
    done = made(show)
    assert leads(page(done, "001-talk")) == "episodes/002-talk/index.html"
    assert leads(page(done, "001-talk", "embed/")) == "episodes/002-talk/embed/index.html"


@pytest.mark.parametrize("language", ["en", "de", "es", "fr"])
def test_a_redirect_page_is_in_the_shows_language_and_not_indexed(render, language):
    made = render(make_item(former_slugs=("old",)), show=make_show(language=language))
    text = made["episodes/old/index.html"]
    assert f'<html lang="{language}"' in text
    assert '<meta name="robots" content="noindex">' in text
    assert f'<link rel="canonical" href="{BASE}episodes/001-one/index.html">' in text
    assert '<a class="button big" href="../../episodes/001-one/index.html">Number 1</a>' in text
    assert len({render(make_item(former_slugs=("old",)))["episodes/old/index.html"], text}) == (
        1 if language == "en" else 2
    )


def test_slugs_in_the_lock_that_lead_out_of_the_show_write_nothing_outside(show):
    published(show)
    file = show / "podcast.lock"
    file.write_text(file.read_text("utf-8").replace("slug: 001-talk", 'slug: "../../../talk"'), "utf-8")
    done = made(show)
    assert not any(leads((done.folder / key).read_text("utf-8")) for key in done.outputs if key.endswith(".html"))
    assert not (show / "talk").exists()


def test_no_other_page_links_to_a_redirect(render):
    made = render(make_item(former_slugs=("old-name",)))
    assert [key for key, text in made.items() if "old-name" in key + text] == [
        "episodes/old-name/embed/index.html",
        "episodes/old-name/index.html",
    ]


def test_feeds_do_not_link_to_a_redirect(show):
    published(show)
    rename(show, "001-talk", "first-talk")
    done = made(show)
    for key in ("feed.xml", "feed.json", "sitemap.xml", "search.js"):
        assert "001-talk/" not in (done.folder / key).read_text("utf-8")


def test_a_transcript_page_redirects_too(render):
    item = make_item(former_slugs=("old",), transcripts=(make_transcript("word " * 5000),))
    assert leads(render(item)["episodes/old/transcript/index.html"]) == "episodes/001-one/transcript/index.html"


def test_hostile_titles_are_escaped_on_a_redirect_page(render):
    text = render(make_item(former_slugs=("old",), episode=make_episode(title='"><script>alert(1)</script>')))[
        "episodes/old/index.html"
    ]
    assert "alert(1)</script>" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_with_clean_urls_a_redirect_leads_to_the_folder(render):
    show = make_show(publish=PublishSettings(url=BASE, clean_urls=True))
    item = make_item(former_slugs=("old",))
    text = render(replace(item, url=show.page_url("episodes/001-one/index.html")), show=show)["episodes/old/index.html"]
    assert leads(text) == "episodes/001-one/"
    assert f'<link rel="canonical" href="{BASE}episodes/001-one/">' in text
