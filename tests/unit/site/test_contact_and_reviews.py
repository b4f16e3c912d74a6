"""Ways to reach the show, and quotations of reviews: on pages, in notes and for search engines."""

import json
import re
from datetime import date

from podcast_kit import site
from podcast_kit.model import Contact, Review
from podcast_kit.source.notes import render_notes
from tests.support.site_factories import BASE, make_episode, make_item, make_show

CONTACT = Contact(mail="a+b@pod.example", form="https://pod.example/form", voicemail="https://voice.example/pod")
MAILTO = "mailto:a%2Bb@pod.example?subject=Up%20%26%20down%20%E2%80%93%20Talking%20Back"
REVIEWS = (
    Review(quote="Made me <b>laugh</b>", name="Ann", where="Apple Podcasts", date=date(2026, 3, 1), stars=4),
    Review(quote="A mail of thanks", name="Bo"),
    Review(quote="Three"),
    Review(quote="Four"),
)


def test_the_page_of_an_episode_has_every_way_to_reach_the_show(tmp_path):
    item = make_item(episode=make_episode(title="Up & down"))
    page = site.render_site(make_show(contact=CONTACT), [item], folder=tmp_path)["episodes/001-one/index.html"].decode()
    for label, url in (
        ("Write to us", MAILTO),
        ("Contact form", CONTACT.form),
        ("Leave a voice message", CONTACT.voicemail),
    ):
        assert f'<a class="button quiet" href="{url}">{label}</a>' in page


def test_notes_can_have_the_contact_and_a_review(tmp_path):
    show = make_show(contact=CONTACT, reviews=REVIEWS[:1], language="de")
    episode = make_episode(title="Up & down", notes="Hi.\n\n{{ contact }}\n\n{{ quote }}\n")
    source = site.expand_link_markers(show, episode, folder=tmp_path)
    assert source.count("\n") == episode.notes.count("\n")
    notes = render_notes(source, page_url=BASE).before
    assert f'<a href="{MAILTO}">Schreib uns</a>' in notes.feed_html
    assert "Sprachnachricht hinterlassen" in notes.plain_text
    assert "Made me &lt;b&gt;laugh&lt;/b&gt; — Ann, Apple Podcasts" in notes.page_html
    assert "<blockquote>" in notes.page_html


def test_markers_without_contact_or_reviews_vanish(tmp_path):
    episode = make_episode(notes="Hi.\n\n{{ contact }}\n\n{{ quote }}\n")
    assert site.expand_link_markers(make_show(), episode, folder=tmp_path) == "Hi.\n\n\n\n\n"


def test_the_quoted_review_depends_on_the_guid_and_stays_when_one_is_added(tmp_path):
    def quotes(reviews):
        show = make_show(reviews=reviews)
        episodes = [make_episode(guid=f"guid-{number}", notes="{{ quote }}") for number in range(60)]
        return [site.expand_link_markers(show, episode, folder=tmp_path) for episode in episodes]

    before, after = quotes(REVIEWS[:3]), quotes(REVIEWS[::-1])
    assert len(set(before)) == 3
    assert all(new in (old, "> Four") for old, new in zip(before, after, strict=True))
    assert "> Four" in after


def test_index_and_follow_page_show_reviews(tmp_path):
    pages = site.render_site(make_show(reviews=REVIEWS), [make_item()], folder=tmp_path)
    index, follow = pages["index.html"].decode(), pages["follow/index.html"].decode()
    assert "What listeners say" in index
    assert (index.count("<figure>"), follow.count("<figure>")) == (3, 4)
    assert "<p>Made me &lt;b&gt;laugh&lt;/b&gt;</p>" in follow
    assert '<span role="img" aria-label="4 of 5 stars">★★★★☆</span> Ann, Apple Podcasts' in follow
    assert "quotes-title" not in pages["episodes/001-one/index.html"].decode()
    assert "quotes-title" not in site.render_site(make_show(), [], folder=tmp_path)["index.html"].decode()


def test_only_reviews_of_no_other_site_are_marked_up_for_search_engines(tmp_path):
    index = site.render_site(make_show(reviews=REVIEWS[:2]), [make_item()], folder=tmp_path)["index.html"].decode()
    data = json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', index)[1])
    assert data["review"] == [
        {"@type": "Review", "author": {"@type": "Person", "name": "Bo"}, "reviewBody": "A mail of thanks"}
    ]
    assert "aggregateRating" not in data
