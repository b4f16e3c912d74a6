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


def test_a_renamed_episode_is_found_at_its_old_address(show):
    published(show)
    rename(show, "001-talk", "first-talk")
    done = made(show)
    assert leads(page(done, "001-talk")) == "episodes/first-talk/index.html"
    assert leads(page(done, "001-talk", "embed/")) == "episodes/first-talk/embed/index.html"
    assert leads(page(done, "first-talk")) is None


def test_renamed_again_both_old_addresses_lead_to_the_newest(show):
    published(show)
    rename(show, "001-talk", "first-talk")
    published(show)
    rename(show, "first-talk", "opening")
    done = published(show)
    assert [leads(page(done, slug)) for slug in ("001-talk", "first-talk")] == ["episodes/opening/index.html"] * 2
    assert done.lock[0].former_slugs == ("001-talk", "first-talk")
    assert lock.read_lock(show / "podcast.lock") == done.lock
    assert made(show).files_written == 0


def test_named_back_the_old_address_is_the_page_again(show):
    for old, new in (("001-talk", "first-talk"), ("first-talk", "001-talk")):
        published(show)
        rename(show, old, new)
    done = published(show)
    assert leads(page(done, "001-talk")) is None
    assert leads(page(done, "first-talk")) == "episodes/001-talk/index.html"
    assert done.lock[0].former_slugs == ("first-talk",)


def test_two_that_changed_their_names_keep_their_pages(show):
    published(show)
    for old, new in (("001-talk", "x"), ("002-talk", "001-talk"), ("x", "002-talk")):
        rename(show, old, new)
    done = made(show)
    assert (leads(page(done, "001-talk")), leads(page(done, "002-talk"))) == (None, None)


def test_a_name_that_was_given_up_is_free_for_a_new_episode(show):
    published(show)
    rename(show, "001-talk", "first-talk")
    published(show)
    add(show, 1, guid="another", date="2026-02-01", title="Another")
    done = made(show)
    assert "<h1>Another</h1>" in page(done, "001-talk")
    assert leads(page(done, "001-talk", "embed/")) is None


def test_a_name_that_nobody_has_seen_is_forgotten(show):
    add(show, 3, date="2026-12-24 08:00")
    published(show, ahead=True)
    rename(show, "003-talk", "surprise")
    published(show, ahead=True)
    done = made(show, now=datetime(2026, 12, 25, tzinfo=UTC))
    assert "episodes/surprise/index.html" in done.outputs
    assert not any(key.startswith("episodes/003-talk/") for key in done.outputs)


def test_a_new_recording_keeps_the_old_names(show):
    published(show)
    rename(show, "001-talk", "first-talk")
    shutil.copy("episodes/001-more-social.mp3", show / "episodes/first-talk.mp3")
    assert published(show).lock[0].former_slugs == ("001-talk",)
    assert published(show, retag=["first-talk"]).lock[0].former_slugs == ("001-talk",)


def test_without_any_audio_the_old_addresses_are_the_same_bytes(show, tmp_path):
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
def test_what_is_no_address_of_a_page_is_refused_at_its_place(show, written):
    add(show, 1, aliases=f'[fine, "{written}"]')
    assert faults(show) == [("episodes/001-talk.md:6:17", "alias.form")]


@pytest.mark.parametrize(
    "written",
    ["001-talk", "002-talk", "/follow/index.html", "/follow/", "/people/ann-lee/", "002-talk/embed", "/FOLLOW/"],
)
def test_an_alias_that_is_a_page_is_refused_at_its_place(show, written):
    add(show, 1, aliases=f"[fine, {written}]", people="[{name: Ann Lee}]")
    assert faults(show) == [("episodes/001-talk.md:6:17", "alias.taken")]


def test_an_alias_that_a_draft_will_have_is_refused_before_that(show):
    add(show, 2, draft="true")
    add(show, 1, aliases="002-talk")
    assert faults(show) == [("episodes/001-talk.md:6:1", "alias.taken")]


def test_an_alias_of_two_episodes_is_refused_at_the_second(show):
    for number in (1, 2):
        add(show, number, aliases="/old/")
    assert faults(show) == [("episodes/002-talk.md:6:1", "alias.taken")]


def test_what_the_author_wrote_wins_over_what_is_remembered(show):
    published(show)
    rename(show, "001-talk", "first-talk")
    add(show, 2, aliases="001-talk")
    done = made(show)
    assert leads(page(done, "001-talk")) == "episodes/002-talk/index.html"
    assert leads(page(done, "001-talk", "embed/")) == "episodes/002-talk/embed/index.html"


@pytest.mark.parametrize("language", ["en", "de", "es", "fr"])
def test_it_is_told_in_the_shows_language_and_not_to_search_engines(render, language):
    made = render(make_item(former_slugs=("old",)), show=make_show(language=language))
    text = made["episodes/old/index.html"]
    assert f'<html lang="{language}"' in text
    assert '<meta name="robots" content="noindex">' in text
    assert f'<link rel="canonical" href="{BASE}episodes/001-one/index.html">' in text
    assert '<a class="button big" href="../../episodes/001-one/index.html">Number 1</a>' in text
    assert len({render(make_item(former_slugs=("old",)))["episodes/old/index.html"], text}) == (
        1 if language == "en" else 2
    )


def test_a_lock_whose_names_lead_out_of_the_show_writes_nothing_there(show):
    published(show)
    file = show / "podcast.lock"
    file.write_text(file.read_text("utf-8").replace("slug: 001-talk", 'slug: "../../../talk"'), "utf-8")
    done = made(show)
    assert not any(leads((done.folder / key).read_text("utf-8")) for key in done.outputs if key.endswith(".html"))
    assert not (show / "talk").exists()


def test_nothing_else_names_it(render):
    made = render(make_item(former_slugs=("old-name",)))
    assert [key for key, text in made.items() if "old-name" in key + text] == [
        "episodes/old-name/embed/index.html",
        "episodes/old-name/index.html",
    ]


def test_the_feeds_do_not_name_it(show):
    published(show)
    rename(show, "001-talk", "first-talk")
    done = made(show)
    for key in ("feed.xml", "feed.json", "sitemap.xml", "search.js"):
        assert "001-talk/" not in (done.folder / key).read_text("utf-8")


def test_a_transcript_of_its_own_is_found_too(render):
    item = make_item(former_slugs=("old",), transcripts=(make_transcript("word " * 5000),))
    assert leads(render(item)["episodes/old/transcript/index.html"]) == "episodes/001-one/transcript/index.html"


def test_hostile_titles_stay_words_there(render):
    text = render(make_item(former_slugs=("old",), episode=make_episode(title='"><script>alert(1)</script>')))[
        "episodes/old/index.html"
    ]
    assert "alert(1)</script>" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_where_folders_answer_it_leads_to_the_folder(render):
    show = make_show(publish=PublishSettings(url=BASE, clean_urls=True))
    item = make_item(former_slugs=("old",))
    text = render(replace(item, url=show.page_url("episodes/001-one/index.html")), show=show)["episodes/old/index.html"]
    assert leads(text) == "episodes/001-one/"
    assert f'<link rel="canonical" href="{BASE}episodes/001-one/">' in text
