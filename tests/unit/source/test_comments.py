"""Files of comments: cleaned again when they are read, and refused with their place when they cannot be."""

import json
import math
from datetime import UTC, datetime

import pytest

from podcast_kit import builder
from podcast_kit.errors import InvalidInput
from podcast_kit.model import Comment, CommentThread, thread_starts
from podcast_kit.source import project
from podcast_kit.source.comments import parse_comment_threads, remove_hidden_comments, render_comments
from tests.support import shows


def make_comment(comment_id, parent="post", **more):
    values = {
        "name": "Bo", "handle": "@bo@far.example", "profile_url": "https://far.example/@bo",
        "url": f"https://far.example/{comment_id}", "date": datetime(2026, 3, 1, tzinfo=UTC), "html": "<p>Hi</p>",
    }  # fmt: skip
    return Comment(id=comment_id, parent=parent, **values | more)


def make_thread(*comments):
    return CommentThread(uri="https://social.example/@show/1", url="https://social.example/@show/1", comments=comments)


def test_an_edited_file_is_cleaned_when_it_is_read():
    row = json.loads(render_comments([make_thread(make_comment("1"))]))
    row["threads"][0]["comments"][0] |= {
        "html": "<p onclick=x()>Hi<script>x()</script><img src=x onerror=x()><a href='javascript:x()'>a</a>\u202e</p>",
        "url": "javascript:x()",
        "name": "B\u202eo\n" + "x" * 500,
        "likes": -4,
    }
    (comment,) = parse_comment_threads(json.dumps(row).encode(), "comments/a.json")[0].comments
    assert comment.html == '<p>Hi<a rel="nofollow ugc">a</a></p>'
    assert comment.url == ""
    assert len(comment.name) == 80
    assert "\u202e" not in comment.name
    assert comment.likes == 0


@pytest.mark.parametrize(
    ("text", "line", "cause"),
    [
        ('{"version": 1,\n  "threads": [}', 2, "is not valid JSON"),
        ("<<<<<<< ours", 1, "is not valid JSON"),
        ("[" * 100_000, 1, "is not valid JSON"),
        ("[]", 1, "is not a file of comments"),
        ('{"version": 1}', 1, "lacks 'threads'"),
        ('{"version": 1, "threads": [{"uri": "a", "url": "b", "comments": [{}]}]}', 1, "lacks 'date'"),
        ('{"version": 9, "threads": []}', 0, "newer podcast-kit"),
        ('{"version": "1", "threads": []}', 1, "'version' must be a whole number, not '1'"),
        ('{"version": 1, "threads": {"a": 1}}', 1, "'threads' must be a list, not an object"),
        ('{"version": 1, "threads": "abc"}', 1, "'threads' must be a list, not 'abc'"),
        ('{"version": 1, "threads": ["a"]}', 1, "'a' must be an object"),
        ('{"version": 1, "threads": [{"uri": "a", "url": "b", "comments": [null]}]}', 1, "None must be an object"),
        (b"\xff", 1, "UTF-8"),
    ],
)
def test_a_damaged_file_is_reported_with_its_place(text, line, cause):
    with pytest.raises(InvalidInput) as refused:
        parse_comment_threads(text if isinstance(text, bytes) else text.encode(), "comments/a.json")
    (problem,) = refused.value.problems
    assert (problem.location.path, problem.location.line) == ("comments/a.json", line)
    assert cause in problem.text
    assert problem.code == ("file.encoding" if isinstance(text, bytes) else "comments.form")


@pytest.mark.parametrize(
    ("value", "cause"),
    [
        ({"likes": math.inf}, ""),
        ({"likes": math.nan}, ""),
        ({"boosts": "MANY"}, ""),
        ({"likes": "3"}, "'likes' must be a whole number, not '3'"),
        ({"likes": 1.5}, "'likes' must be a whole number, not 1.5"),
        ({"likes": True}, "'likes' must be a whole number, not True"),
        ({"date": "9999-12-31T23:59:59-12:00"}, "is not a date"),
        ({"date": "0001-01-01T00:00:00+14:00"}, "is not a date"),
        ({"date": "2026-01-01T00:00:00." + "9" * 1_000_000}, ""),
        ({"id": ["1"]}, "'id' must be text, not a list"),
        ({"sensitive": "no"}, "'sensitive' must be true or false, not 'no'"),
        ({"id": "1\ud800", "parent": "\udfff", "url": "https://x.example/\ud800"}, ""),
        ({"id": "x" * 3_000_000, "name": "\u202e" * 3_000_000, "handle": "x" * 3_000_000}, ""),
        ({"html": "<p>" * 500_000}, ""),
        ({"html": "\ud800<a href='https://x.example/\ud800'>\ud800</a>"}, ""),
    ],
)
def test_values_that_no_server_sends_are_bounded_or_reported(tmp_path, value, cause):
    show = shows.small(tmp_path / "show", social="[{protocol: activitypub, uri: 'https://social.example/@show/1'}]")
    row = json.loads(render_comments([make_thread(make_comment("1"))]))
    row["threads"][0]["comments"][0] |= value
    (show / "comments").mkdir()
    (show / "comments/001-talk.json").write_text(json.dumps(row).replace('"MANY"', "9" * 5000))
    if cause:
        with pytest.raises(InvalidInput) as refused:
            project.load_project(show)
        assert cause in refused.value.problems[0].text
        return
    done = builder.build(project.load_project(show), now=datetime(2026, 11, 22, 12, tzinfo=UTC))
    page = (done.folder / "episodes/001-talk/index.html").read_bytes()
    assert b'class="comments"' in page
    assert len(page) < 30_000
    (thread,) = done.project.comments["001-talk"]
    assert thread.comments[0].likes <= 10**9
    assert parse_comment_threads(render_comments([thread]), "x") == (thread,)


def test_a_damaged_file_is_reported_with_the_show_s_other_problems(tmp_path):
    show = shows.small(tmp_path / "show", episodes=2, color="red")
    (show / "comments").mkdir()
    (show / "comments/001-talk.json").write_text("{")
    (show / "comments/of-no-episode.json").write_text("{")
    with pytest.raises(InvalidInput) as refused:
        project.load_project(show)
    paths = [problem.location.path for problem in refused.value.problems]
    assert paths == ["comments/001-talk.json", "episodes/001-talk.md", "episodes/002-talk.md"]


def test_hiding_a_comment_hides_the_answers_to_it():
    thread = make_thread(
        make_comment("1"), make_comment("2", "1", handle="@al"), make_comment("3", "2"), make_comment("4", "1")
    )
    shown = remove_hidden_comments(thread, ("@al",)).comments
    assert [comment.id for comment in shown] == ["1", "4"]


def test_comments_that_answer_each_other_in_a_circle_are_kept():
    starts = thread_starts([make_comment("1", "3"), make_comment("2", "1"), make_comment("3", "2")])
    assert len(set(starts.values())) == 1
    assert starts.keys() == {"1", "2", "3"}


def test_settings_are_read_and_refused_with_their_place(tmp_path):
    show = shows.small(tmp_path / "show")
    path = show / "podcast.yaml"
    yaml = path.read_text()
    path.write_text(
        yaml + 'comments: {hide: ["Al.example", "@bo@x.example", "https://x.example/1"], only: favourited}\n'
    )
    settings = project.load_project(show).show.comments
    assert settings.hide == ("@al.example", "@bo@x.example", "https://x.example/1")
    assert settings.only_favourited
    path.write_text(yaml + 'comments: {hide: ["a handle"], only: mine}\n')
    with pytest.raises(InvalidInput) as refused:
        project.load_project(show)
    assert [problem.code for problem in refused.value.problems] == ["value.form", "value.choice"]
