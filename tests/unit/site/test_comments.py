"""Comments on the page of an episode: nested two levels, folded where their author warns, and bounded."""

import sys
import time
from datetime import UTC, datetime, timedelta

import pytest

from podcast_kit import site
from podcast_kit.model import Comment, CommentThread
from podcast_kit.site.comments import MAX_SHOWN_COMMENTS, arrange_comments
from podcast_kit.source.comments import parse_comment_threads, remove_hidden_comments, render_comments
from tests.support.site_factories import make_item, make_show

PAGE = "episodes/001-one/index.html"
START = datetime(2026, 3, 1, 8, tzinfo=UTC)


def make_comments(count, *, parent_of=lambda _: "post", **more):
    return tuple(
        Comment(
            id=str(number), parent=parent_of(number), name=f"Name {number}", handle=f"@n{number}@far.example",
            profile_url=f"https://far.example/@n{number}", url=f"https://far.example/{number}",
            date=START + timedelta(minutes=number), html=f"<p>Text {number}</p>", **more,
        )
        for number in range(count)
    )  # fmt: skip


def make_thread(comments):
    return CommentThread(uri="https://social.example/1", url="https://social.example/1", comments=comments)


def render(folder, *threads, language="en"):
    return site.render_site(make_show(language=language), [make_item(comments=threads)], folder=folder)[PAGE].decode()


def test_a_comment_has_name_handle_date_text_counts_and_a_link_to_answer(tmp_path):
    page = render(tmp_path, make_thread(make_comments(1, likes=1, boosts=3)))
    assert '<h2 id="comments-title">Comments</h2>' in page
    assert (
        '<a href="https://far.example/@n0" rel="nofollow ugc"><bdi>Name 0</bdi></a> <bdi>@n0@far.example</bdi>' in page
    )
    assert '<div dir="auto"><p>Text 0</p></div>' in page
    assert '1 like · 3 boosts · <a href="https://far.example/0" rel="nofollow ugc">Reply</a>' in page
    assert '<time datetime="2026-03-01T08:00:00+00:00">1 March 2026</time>' in page


def test_a_page_without_comments_has_nothing_of_them(tmp_path):
    assert "comments" not in render(tmp_path)
    assert "comments" not in render(tmp_path, make_thread(()))


@pytest.mark.parametrize(("warning", "summary"), [("Spoilers", "Spoilers"), ("", "Sensitive content")])
def test_a_content_warning_is_folded(tmp_path, warning, summary):
    page = render(tmp_path, make_thread(make_comments(1, warning=warning, is_sensitive=True)))
    assert f'<details><summary dir="auto">{summary}</summary>\n<div dir="auto"><p>Text 0</p></div></details>' in page


def test_deep_answers_are_nested_two_levels():
    (thread,) = arrange_comments([make_thread(make_comments(5, parent_of=lambda number: str(number - 1)))])
    (start,) = thread.comments
    assert [comment.id for comment in start.answers] == ["1", "2", "3", "4"]


def test_comments_beyond_the_limit_are_counted_and_linked(tmp_path):
    page = render(tmp_path, make_thread(make_comments(MAX_SHOWN_COMMENTS + 7)))
    assert page.count('<article>\n<p class="facts">') == MAX_SHOWN_COMMENTS
    assert '<a href="https://social.example/1" rel="nofollow">7 more comments</a>' in page


def test_only_the_page_of_the_episode_changes_with_a_comment(tmp_path):
    def digests(*comments):
        threads = (make_thread(comments),) if comments else ()
        pages = site.Site(show=make_show(), folder=tmp_path).build_pages([make_item(comments=threads), make_item(2)])
        return {page.key: (page.digest, page.own_digest) for page in pages}

    without, few, more = digests(), digests(*make_comments(1)), digests(*make_comments(2))
    assert {key for key in few if few[key] != more[key]} == {PAGE}
    assert {key for key in few if few[key] != without[key]} == {PAGE}
    assert without[PAGE][1] == few[PAGE][1] == more[PAGE][1]


def test_5000_comments_are_arranged_and_rendered_in_linear_time(tmp_path):
    def measure_s(count):
        threads = (make_thread(make_comments(count, parent_of=lambda number: str(number - 1))),)
        start = time.process_time()
        arrange_comments(threads)
        return time.process_time() - start

    measure_s(500)
    assert min(measure_s(5_000) for _ in range(3)) < 40 * min(measure_s(500) for _ in range(3))
    assert "4,000" not in render(tmp_path, make_thread(make_comments(5_000)))


@pytest.mark.parametrize("shape", ["flat", "chain", "wide"])
def test_work_for_5000_comments_is_five_times_that_for_1000(shape):
    """Counted, not timed: every call from the file of comments to the page."""

    def count_calls(count):
        parents = {"flat": lambda _: "post", "chain": lambda number: str(number - 1), "wide": lambda _: "0"}
        thread = make_thread(make_comments(count, parent_of=parents[shape]))
        data = render_comments([thread])
        calls = 0

        def count_call(_frame, event, _argument):
            nonlocal calls
            calls += event in {"call", "c_call"}

        sys.setprofile(count_call)
        try:
            (parsed,) = parse_comment_threads(data, "comments/x.json")
            hidden = remove_hidden_comments(parsed, ["@n7@far.example", "https://far.example/9"])
            arrange_comments([hidden])
        finally:
            sys.setprofile(None)
        assert len(parsed.comments) == count
        return calls

    count_calls(10)
    small, large = count_calls(1_000), count_calls(5_000)
    assert 4 * small < large < 6 * small


def test_the_same_comments_give_the_same_page(tmp_path):
    thread = make_thread(make_comments(20, parent_of=lambda number: str(number // 3 - 1)))
    assert render(tmp_path, thread) == render(tmp_path, thread)
