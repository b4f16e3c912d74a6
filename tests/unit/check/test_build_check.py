from dataclasses import replace
from datetime import timedelta

import pytest

from podcast_kit import check
from tests.support.checked_shows import (
    BACKWARDS_VTT,
    NOW,
    build_show,
    edit_file,
    publish_show,
    read_sources,
    run_check,
)
from tests.support.shows import add, sample

FUNDING = """locked: true
location: {name: Vienna, geo: 'geo:48.2,16.4', osm: R109166}
funding:
  - {url: 'https://pod.example/a', label: A}
  - {url: 'http://pod.example/b', label: B}"""
OWNER = "owner: {name: Tester, email: t@pod.example}\n"


def codes_and_locations(problems):
    return {(problem.code, str(problem.location)) for problem in problems}


def codes(problems):
    return {problem.code for problem in problems}


@pytest.mark.slow
def test_sample_show_has_no_problems(tmp_path):
    assert run_check(sample(tmp_path / "show")) == ()


def test_clean_show_has_no_problems_and_its_files_are_unchanged(show):
    before = read_sources(show)
    assert run_check(show) == ()
    assert read_sources(show) == before


@pytest.mark.parametrize(
    ("path", "old", "new", "expected"),
    [
        ("episodes/001-talk.md", "About listening", "S1E1 About <i>it</i>", ("it.title", "episodes/001-talk.md:2:1")),
        ("episodes/001-talk.md", "number: 1", "number: 1\nblock: true", ("it.block", "episodes/001-talk.md:6:1")),
        ("podcast.yaml", OWNER, "", ("ch.owner.email", "podcast.yaml")),
        (
            "podcast.yaml",
            "title: A small show",
            "title: A show | a | b | c | d",
            ("ch.title.stuffing", "podcast.yaml:1:1"),
        ),
        ("podcast.yaml", "explicit: false", "explicit: false\nblock: true", ("ch.block", "podcast.yaml:9:1")),
        ("podcast.yaml", "locked: true\n", "", ("ch.locked", "podcast.yaml")),
        ("podcast.yaml", "locked: true", FUNDING, ("pn.https", "podcast.yaml:16:5")),
    ],
)
def test_problem_is_located_at_the_key_that_causes_it(show, path, old, new, expected):
    edit_file(show / path, old, new)
    assert codes_and_locations(run_check(show)) == {expected}


def test_problem_of_the_notes_is_located_at_the_notes(show):
    edit_file(show / "episodes/001-talk.md", "One paragraph.", "00:10 Hello\n\n00:02 Talk\n\nOne paragraph.")
    locations = {(code, location[:22]) for code, location in codes_and_locations(run_check(show))}
    assert ("cp.notes", "episodes/001-talk.md:7") in locations


def test_artwork_is_checked_by_its_pixels(show):
    from PIL import Image

    Image.new("CMYK", (1000, 900)).save(show / "cover.jpg")
    assert codes_and_locations(run_check(show)) == {
        (code, "podcast.yaml:6:1") for code in ("art.square", "art.size", "art.colour")
    }


def test_transcript_is_checked_line_by_line(show):
    (show / "episodes/001-talk.vtt").write_text(BACKWARDS_VTT)
    edit_file(show / "episodes/001-talk.md", "number: 1\n", "number: 1\ntranscript: 001-talk.vtt\n")
    problems = run_check(show)
    assert {location.rpartition(":")[0] or location for _, location in codes_and_locations(problems)} <= {
        "episodes/001-talk.vtt",
        "episodes/001-talk.vtt:6",
    }
    assert any(problem.severity == "error" for problem in problems)


@pytest.mark.parametrize("path", ["podcast.yaml", "episodes/001-talk.md"])
def test_rule_can_be_ignored_with_a_reason(show, path):
    edit_file(show / "episodes/001-talk.md", "About listening", "'#1 about listening'")
    assert codes(run_check(show)) == {"it.title"}
    old = "number: 1\n" if path.endswith(".md") else ""
    edit_file(show / path, old, f"{old}ignore: {{it.title: 'The number is its name'}}\n")
    assert run_check(show) == ()


def test_ignoring_an_unknown_rule_is_a_warning_with_a_suggestion(show):
    edit_file(show / "podcast.yaml", "", "ignore: {it.titel: 'A reason'}\n")
    (problem,) = run_check(show)
    assert (problem.code, str(problem.location)) == ("ignore.unknown", "podcast.yaml:13:1")
    assert (problem.text, problem.fix) == ("unknown rule 'it.titel'", "did you mean it.title?")


def test_missing_guid_is_a_warning_and_is_not_written(show):
    edit_file(show / "episodes/001-talk.md", "guid: 5b322f44-25b3-4fbd-8b64-22c5a5b528000001\n", "")
    before = (show / "episodes/001-talk.md").read_bytes()
    problems = run_check(show)
    assert {(problem.code, str(problem.severity)) for problem in problems} == {("it.guid", "warning")}
    assert (show / "episodes/001-talk.md").read_bytes() == before


def test_changed_guid_is_an_error_that_says_what_subscribers_notice(show):
    for number in (2, 3):
        add(show, number, title=f"Title {'x' * number}")
    published_feed = publish_show(show)
    edit_file(show / "episodes/002-talk.md", "guid: 5b322f44", "guid: 6b322f44")
    for problems in (run_check(show), run_check(show, published_feed=published_feed)):
        (problem,) = [problem for problem in problems if problem.code == "it.guid.stable"]
        assert str(problem.location) == "episodes/002-talk.md:4:1"
        assert problem.severity == "error"
        assert "every subscriber's app would download it again (1 episode in total)" in problem.text
        assert problem.fix == "write guid: 5b322f44-25b3-4fbd-8b64-22c5a5b528000002"


def test_removed_episode_is_a_warning_and_a_draft_is_not(show):
    add(show, 2, title="Another")
    publish_show(show)
    (show / "episodes/002-talk.md").unlink()
    (problem,) = run_check(show)
    assert (problem.code, str(problem.severity)) == ("it.guid.stable", "warning")
    add(show, 2, title="Another", draft="true")
    assert run_check(show) == ()


def test_paged_feed_is_checked_as_one(show):
    for number in range(2, 8):
        add(show, number, title=f"Title {'x' * number}")
    edit_file(show / "podcast.yaml", "", "feed: {page_size: 2}\n")
    publish_show(show)
    assert run_check(show) == ()
    edit_file(show / "episodes/001-talk.md", "title: About listening", "title: '#1'")
    location = "episodes/001-talk.md:2:1"
    assert codes_and_locations(run_check(show)) == {("it.title", location), ("au.tag.title", location)}


def test_platform_limits_the_check_to_its_rules(show):
    edit_file(show / "podcast.yaml", OWNER, "")
    assert codes(run_check(show, platform="youtube")) == {"ch.owner.email"}
    assert codes(run_check(show, platform="psp1")) == set()


def test_scheduled_episode_is_not_a_problem(show):
    add(show, 2, title="Later", date=f"{NOW + timedelta(days=9):%Y-%m-%d %H:%M}")
    assert run_check(show) == ()


def test_bytes_of_a_new_recording_are_checked_and_of_a_published_one_are_not(show):
    path = show / "episodes/001-talk.mp3"
    path.write_bytes(b"\0" * 500 + path.read_bytes())
    assert codes_and_locations(run_check(show)) == {("au.junk", "episodes/001-talk.mp3")}
    publish_show(show)
    assert run_check(show) == ()


def test_problem_that_prevents_the_build_is_returned_not_raised(show):
    (show / "episodes/001-talk.mp3").write_bytes(b"no audio at all")
    problems = run_check(show)
    assert problems
    assert all(problem.location.path.startswith("episodes/") for problem in problems)


def test_problems_are_in_file_order_and_each_occurs_once(show):
    edit_file(show / "podcast.yaml", "", "ignore: {it.titel: 'A reason'}\n")
    build = build_show(show)
    problems = check.check_build(replace(build, problems=(*build.problems, *build.problems)), now=NOW)
    assert len(problems) == len(set(problems))
    assert list(problems) == sorted(problems, key=lambda problem: (problem.location, problem.severity.rank))


def test_loudness_is_measured_on_request(show):
    pytest.importorskip("av", reason="the extra 'master' is not installed")
    assert codes(run_check(show, measure_loudness=True)) == {"au.loudness"}


def test_wrong_template_of_a_post_is_reported_before_there_is_anything_to_post(show):
    yaml = (show / "podcast.yaml").read_text()
    lines = len(yaml.splitlines())
    (show / "podcast.yaml").write_text(
        f"{yaml}announce:\n  text: '{{{{ titel }}}}'\n  bluesky: {{account: pod.example}}\n"
        "  mastodon: {account: '@a@b.example', text: '{{ url'}\n"
    )
    problems = run_check(show)
    assert codes_and_locations(problems) == {
        ("template.render", f"podcast.yaml:{lines + 2}:3"),
        ("template.syntax", f"podcast.yaml:{lines + 4}:39"),
    }
    assert "'titel' is undefined" in problems[0].text
