"""Golden feeds and files without problems, and one small change for each case, which exactly one rule must report.

A new case is a new table in tests/golden/faults/*.toml (the feed) or tests/golden/faults/objects/*.toml
(files, images, recordings, servers' responses).
"""

import re
import tomllib
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podcast_kit import feed
from podcast_kit.check.context import CheckContext
from podcast_kit.check.not_checkable import CHECKED_ELSEWHERE, NOT_CHECKABLE
from podcast_kit.check.references import SOURCES
from podcast_kit.check.registry import PLATFORMS, RULES
from podcast_kit.check.rules.artwork import ArtworkFile
from podcast_kit.check.rules.audio import EnclosureFile
from podcast_kit.check.rules.chapters import ChaptersFile
from podcast_kit.check.rules.links import FeedPages, JsonFeedFile, OpmlFile
from podcast_kit.check.rules.transcripts import TranscriptFile
from podcast_kit.check.runner import check_document, check_objects
from podcast_kit.errors import InvalidInput, SourceLocation
from podcast_kit.model import Audio, Chapter, Episode, FeedSettings, Image, Item, Media, Probe, Project, Response
from tests.support.feed_factories import make_item, make_show

CASES = Path(__file__).parent / "faults"
GOLDEN = (CASES / "feed.xml").read_text("utf-8")
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
EPISODE = Episode(slug="x", path="episodes/x.md", title="The first minute", notes="")


def apply_changes(text, case):
    """The text with the case's replacements, each of which must apply; `times` repeats what is in {braces}."""
    for find, put in [(case["find"], case["put"]), *case.get("then", [])]:
        assert find in text, f"{find!r} is not in the golden file"
        repeated = re.sub(r"(?s)\{(.*)\}", lambda match: match[1] * case["times"], put) if "times" in case else put
        text = text.replace(find, repeated, 1)
    return text


def check_feed_case(case):
    """Problems of the golden feed with this one change."""
    match case.get("whole"):
        case "items removed":
            data = re.sub(r"(?s)    <item>.*</item>\n", "", GOLDEN)
        case "trailer removed":
            head, _, _ = GOLDEN.rpartition("    <item>")
            data = head + "  </channel>\n</rss>\n"
        case str(whole):
            data = whole
        case _:
            data = apply_changes(GOLDEN, case) if "find" in case else GOLDEN
    context = CheckContext(
        now=NOW,
        own_feed=case.get("own_feed", False),
        feed_url=case.get("url", ""),
        allow_future=case.get("allow_future", False),
        media_sizes=case.get("media_sizes", {}),
        published_feed=feed.parse_feed(GOLDEN.encode(), "published") if case.get("published") else None,
    )
    try:
        document = feed.parse_feed(data.encode("latin-1" if case.get("bytes") else "utf-8", "replace"), "feed.xml")
    except InvalidInput as error:
        return error.problems
    return check_document(document, context, platform=case.get("platform", ""))


def check_file_case(case):
    """Problems of a golden file with this one change; its episode has 7 seconds."""
    name = case["file"]
    text = (CASES / "files" / name).read_text("utf-8")
    text = apply_changes(text, case) if "find" in case else text
    location = SourceLocation(name)
    match name:
        case "chapters.json":
            subject = ChaptersFile(text, location, 7.0)
        case "feed.json":
            subject = JsonFeedFile(text, location)
        case "shows.opml":
            subject = OpmlFile(feed.parse_feed(text.encode(), name))
        case _:
            mime = {"vtt": "text/vtt", "srt": "application/x-subrip"}[name[-3:]]
            subject = TranscriptFile(text, mime, location, 7.0)
    return check_objects([subject])


def check_image_case(case):
    """Problems of a valid cover with some facts changed."""
    pixels = {"format": "JPEG", "mode": "RGB", "alpha": False, "width": 3000, "height": 3000, "bytes": 290_000}
    pixels |= {"rotated": False, "progressive": False, "dpi": (72, 72)} | case.get("pixels", {})
    episode = EPISODE if "episode" in case else None
    artwork = ArtworkFile(SimpleNamespace(**pixels), case.get("name", "cover.jpg"), SourceLocation("x"), episode)
    return check_objects([artwork], platform=case.get("platform", ""))


def check_audio_case(case):
    """Problems of a valid recording with some facts changed."""
    audio = {"bytes": 1, "seconds": 90.0, "mime": "audio/mpeg", "codec": "mp3", "bit_rate": 128_000, "channels": 2}
    audio |= {"sample_rate": 44_100, "mode": "cbr"} | case.get("audio", {})
    tags = {"title": EPISODE.title, "chapters": [0, 60_000]} | case.get("tags", {})
    tags["chapters"] = [Chapter(start_ms=start, title="x") for start in tags["chapters"]]
    media = Media(key="a.mp3", sha256="", bytes=1, mime="audio/mpeg", seconds=90)
    chapters = (Chapter(start_ms=0, title="x"), Chapter(start_ms=60_400, title="y"))
    item = Item(episode=EPISODE, guid="x", date=NOW, url="", enclosure=media, enclosure_url="", chapters=chapters)
    loudness = SimpleNamespace(**{"integrated": -16.3, "true_peak": -1.2} | case.get("loudness", {}))
    file = EnclosureFile(
        "a.mp3",
        SourceLocation("a.mp3"),
        Audio(**audio),
        SimpleNamespace(**tags),
        item,
        loudness,
        case.get("frozen", False),
    )
    return check_objects([file], platform=case.get("platform", ""))


FILE_KINDS = {
    "feed": ("feed.xml", "application/rss+xml", ("get", "head", "conditional_get", "gzip_get")),
    "artwork": ("cover.jpg", "image/jpeg", ("get", "head")),
    "media": ("a.mp3", "audio/mpeg", ("head", "range_get")),
    "transcript": ("a.vtt", "text/vtt", ("get",)),
    "chapters": ("a.json", "application/json+chapters", ("get",)),
}


def check_response_case(case):
    """Problems of a URL whose server answers correctly except for this."""
    kind = case["kind"]
    name, mime, requests = FILE_KINDS[kind]
    url = case.get("url", f"https://pod.example/{name}")
    headers = {"content-type": mime, "etag": '"a"', "cache-control": "max-age=300", "access-control-allow-origin": "*"}
    headers = {
        key: value for key, value in (headers | case.get("every", {})).items() if key not in case.get("without", ())
    }
    redirects = tuple((status, target) for status, target in case.get("redirects", ()))
    by_request = {
        "range_get": {"status": 206, "headers": headers | {"content-range": "bytes 0-1/5000"}},
        "conditional_get": {"status": 304},
        "gzip_get": {"headers": headers | {"content-encoding": "gzip"}},
    }
    responses = {}
    for request in requests:
        facts = {"url": url, "status": 200, "headers": headers, "redirects": redirects, "size": 50_000}
        facts |= by_request.get(request, {})
        changes = case.get(request, {}) | case.get("all", {})
        responses[request] = Response(**facts | changes | {"headers": facts["headers"] | changes.get("headers", {})})
    return check_objects([Probe(url=url, kind=kind, mime=mime, bytes=5000, **responses)])


def load_cases(path):
    return [
        pytest.param(case, id=f"{path.stem}-{number}-{case['rule']}")
        for number, case in enumerate(tomllib.loads(path.read_text("utf-8"))["case"], 1)
    ]


CHECKS = {
    "audio": check_audio_case,
    "files": check_file_case,
    "images": check_image_case,
    "responses": check_response_case,
}
FEED_CASES = [case for path in sorted(CASES.glob("*.toml")) for case in load_cases(path)]
OBJECT_CASES = [
    pytest.param(CHECKS[path.stem], *case.values, id=case.id)
    for path in sorted((CASES / "objects").glob("*.toml"))
    for case in load_cases(path)
]


def assert_only_rule(problems, case):
    """Exactly the case's rule reports, at the case's level if it has one."""
    assert {problem.code for problem in problems} == {case["rule"]}
    assert {str(problem.severity) for problem in problems} == {case.get("level", str(problems[0].severity))}


@pytest.mark.parametrize("platform", ["", *PLATFORMS])
def test_golden_feed_has_no_problems(platform):
    assert check_feed_case({"platform": platform}) == ()


@pytest.mark.parametrize("case", FEED_CASES)
def test_feed_problem_is_reported_by_exactly_its_rule(case):
    assert_only_rule(check_feed_case(case), case)


@pytest.mark.parametrize("name", sorted(path.name for path in (CASES / "files").iterdir()))
def test_golden_files_have_no_problems(name):
    assert check_file_case({"file": name}) == ()


@pytest.mark.parametrize("platform", ["", *PLATFORMS])
def test_valid_cover_and_recording_have_no_problems(platform):
    assert check_image_case({"platform": platform}) == check_audio_case({"platform": platform}) == ()


@pytest.mark.parametrize(
    ("mode", "text"),
    [
        ("L", "cover.jpg is greyscale"),
        ("P", "cover.jpg uses a palette"),
        ("I;16", "cover.jpg has 16 bits per channel"),
        ("CMYK", "cover.jpg is CMYK, not RGB"),
    ],
)
def test_colour_mode_of_artwork_is_named_in_words(mode, text):
    (problem,) = check_image_case({"pixels": {"mode": mode}})
    assert (problem.code, problem.text, problem.fix) == ("art.colour", text, "save it as RGB")


@pytest.mark.parametrize("kind", FILE_KINDS)
def test_correct_responses_have_no_problems(kind):
    assert check_response_case({"kind": kind}) == ()


@pytest.mark.parametrize(("check", "case"), OBJECT_CASES)
def test_object_problem_is_reported_by_exactly_its_rule(check, case):
    assert_only_rule(check(case), case)


EXPECTED_CODES = {
    "itunes.applepodcastsverify": {"ch.verify"},
    "itunes.block": {"ch.block", "it.block"},
    "itunes.new-feed-url": {"ch.newfeed"},
    "podcast.images": {"pn.deprecated"},
    "podcast.txt": {"ch.verify"},
}
"""Problems that a tag has because of what it does, however correct its value is."""


def feed_template():
    """The golden feed with room for tags in its channel and in its first item."""
    head, _, after = GOLDEN.partition("    <podcast:medium>")
    first, _, others = after.partition("    <item>\n")[2].partition("    </item>\n")
    plain = re.sub(r"(?s)      <podcast:.*(?=      <psc:chapters )", "", first)
    text = f"{head}CHANNEL    <item>\n{plain}ITEM    </item>\n{others}"
    text = re.sub(r" *<(podcast:guid|podcast:locked|itunes:season|itunes:episode)\b.*\n", "", text)
    return text.replace("serial", "episodic").replace(
        "xmlns:psc", 'xmlns:spotify="http://www.spotify.com/ns/rss" xmlns:psc'
    )


@pytest.mark.parametrize("path", sorted((CASES.parent / "namespace").glob("[!e]*.xml")), ids=lambda path: path.stem)
def test_every_tag_that_we_write_passes(path):
    xml = path.read_text("utf-8")
    item = re.search(r"(?s)<item>(.*)</item>", xml)
    channel = re.sub(r"(?s)<item>.*</item>|</?channel>|</?rss[^>]*>", "", xml)
    data = feed_template().replace("CHANNEL", channel).replace("ITEM", item[1] if item else "")
    problems = check_document(feed.parse_feed(data.encode()), CheckContext(now=NOW))
    assert {problem.code for problem in problems} - {"ch.guid", "ch.locked"} == EXPECTED_CODES.get(path.stem, set())


VALID_CHANGES = [
    ("<title>The first minute<", "<title>Talking Backwards<"),
    ("<title>The first minute<", "<title>1984<"),
    ("<title>The first minute<", "<title>A &amp; B? R&amp;D<"),
    ("<title>The first minute<", "<title>Episode<"),
    ("<title>The first minute<", "<title>S Club 7<"),
    ("What listeners hear first.", "Meet us at 10:30 AM&lt;br&gt;or call 555:12"),
    ("What listeners hear first.", "See 12:30 in the Bible&lt;br&gt;and think"),
    ("What listeners hear first.", "00:00 Welcome&lt;br&gt;(01:30) Talk&lt;br&gt;- 1:02:03 End"),
    ("What listeners hear first.", "First&lt;br/&gt;second&lt;/p&gt;&lt;p&gt;third"),
    ("<language>en-gb<", "<language>pt-BR<"),
    ("<itunes:duration>00:15:00<", "<itunes:duration>900<"),
    ("<itunes:duration>00:15:00<", "<itunes:duration>15:00<"),
    ("Sun, 08 Nov 2026 07:00:00 +0000", "Sun, 8 Nov 2026 08:00:00 +0100"),
    ("Sun, 08 Nov 2026 07:00:00 +0000", "08 Nov 2026 07:00 GMT"),
    ("ca/001-first-minute.mp3", "ca/001-first-minute.mp3?source=feed&amp;x=1"),
    ("<copyright>Ann Lee<", "<copyright>Ann Lee and friends<"),
]


@pytest.mark.parametrize(("find", "put"), VALID_CHANGES, ids=[put for _, put in VALID_CHANGES])
def test_valid_values_are_not_reported(find, put):
    assert check_feed_case({"find": find, "put": put}) == ()


def check_pages(*texts):
    documents = [feed.parse_feed(text.encode(), f"feed/{number}.xml") for number, text in enumerate(texts, 1)]
    return check_objects([FeedPages(tuple(documents), SourceLocation("feed.xml"))])


def test_feed_pages_describe_one_show_and_share_no_episode():
    older = re.sub(r"0b6f3a53-7c62-4bd4-a5ed-0b7d3e6d6a0(\d)", r"0b6f3a53-7c62-4bd4-a5ed-0b7d3e6d6b0\1", GOLDEN)
    assert check_pages(GOLDEN, older) == ()
    assert {problem.code for problem in check_pages(GOLDEN, GOLDEN)} == {"lk.pages"}
    renamed = older.replace("<title>Talking Back<", "<title>Talking<", 1)
    assert {problem.code for problem in check_pages(GOLDEN, renamed)} == {"lk.pages"}


def test_own_feed_with_podping_is_reported_whether_or_not_it_has_a_hub():
    declared = GOLDEN.replace('usesPodping="false"', 'usesPodping="true"')
    show = make_show(feed=FeedSettings(hubs=("https://hub.example/",)))
    project = Project(folder=Path(), show=show, episodes=())
    problems = check_document(feed.parse_feed(declared.encode()), CheckContext(now=NOW, project=project, own_feed=True))
    assert {problem.code for problem in problems} == {"lk.podping"}


def test_different_artwork_with_the_same_url_is_reported():
    guids = [f"0b6f3a53-7c62-4bd4-a5ed-0b7d3e6d6a0{number}" for number in (1, 2)]
    lengths = [28_800_000, 14_400_000]
    items = [
        make_item(
            guid=guid,
            artwork=Image(url="https://pod.example/media/af/002.jpg", key=f"{guid}.jpg"),
            enclosure=Media(key=guid, sha256="", bytes=length, mime="audio/mpeg"),
        )
        for guid, length in zip(guids, lengths, strict=True)
    ]
    problems = check_document(feed.parse_feed(GOLDEN.encode()), CheckContext(now=NOW, items=items))
    assert {problem.code for problem in problems} == {"it.image"}


VALUE = re.compile(r'(?<==")[^"<>]+(?=")|(?<=>)[^<>\s][^<>]*(?=<)')
VALUES = [match.span() for match in VALUE.finditer(GOLDEN, GOLDEN.index("<channel>"))]
ODD_VALUES = st.one_of(
    st.sampled_from(["", " ", "0", "-1", "1e999", "9" * 400, "٣", "NaN", "https://[", "//", "%", "\u2028"]),
    st.sampled_from(
        ["Mon, 01 Jan 0001 00:00:00 +1400", "Fri, 31 Dec 9999 23:59:59 -1200", "1 Jan 99 0:0 EST", "::", "1:2:3:4"]
    ),
    st.sampled_from(["true", "Yes", "geo:", "FREQ=", "&lt;p", "&lt;a href=", "&lt;/b&gt;&lt;b", "a@b", "en-", "00:00"]),
    st.text(st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters='<>&"\ufffe\uffff'), max_size=30),
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, len(VALUES) - 1), ODD_VALUES),
        min_size=1,
        max_size=8,
        unique_by=lambda change: change[0],
    )
)
def test_any_values_give_only_located_problems_and_the_same_ones_twice(changes):
    data = GOLDEN
    for number, value in sorted(changes, reverse=True):
        begin, end = VALUES[number]
        data = data[:begin] + value + data[end:]
    try:
        document = feed.parse_feed(data.encode())
    except InvalidInput:
        return  # a tag name was hit, so it is no longer a feed
    published = feed.parse_feed(GOLDEN.encode())
    url = "https://pod.example/feed.xml"
    context = CheckContext(now=NOW, published_feed=published, feed_url=url, own_feed=True)
    problems = check_document(document, context)
    assert all(problem.text and problem.location.line for problem in problems if problem.code != "it.guid.stable")
    assert problems == check_document(document, context)


COVERED = {case.values[-1]["rule"] for case in [*FEED_CASES, *OBJECT_CASES]} | {"lk.pages", "lk.podping"}


def test_every_rule_has_a_case():
    assert RULES.keys() - COVERED == set()


def coverage_table():
    """The rules with their number of cases, and what cannot be checked, with the reason."""
    counts = Counter(case.values[-1]["rule"] for case in [*FEED_CASES, *OBJECT_CASES])
    covered = len(COVERED & RULES.keys())
    lines = [f"{covered} of {len(RULES)} rules have cases; {len(NOT_CHECKABLE)} requirements cannot be checked"]
    lines += ["", "| rule | level | cases |", "|---|---|---|"]
    lines += [f"| {code} | {rule.severity} | {counts[code] or 'in code'} |" for code, rule in RULES.items()]
    lines += ["", "| checked elsewhere | where |", "|---|---|"]
    lines += [f"| {code} | {where} |" for code, where in CHECKED_ELSEWHERE.items()]
    lines += ["", "| cannot be checked | why |", "|---|---|"]
    lines += [f"| {code} | {why} |" for code, why in NOT_CHECKABLE.items()]
    return "\n".join(lines) + "\n"


def test_coverage_table_is_current():
    assert (CASES / "coverage.md").read_text("utf-8") == coverage_table()


def test_every_rule_is_documented():
    incomplete = {
        code
        for code, rule in RULES.items()
        if not (
            rule.summary.endswith(".")
            and rule.why.endswith(".")
            and rule.fix
            and rule.sources
            and set(rule.platforms) <= PLATFORMS.keys()
            and set(rule.sources) <= SOURCES.keys()
        )
    }
    assert incomplete == set()


if __name__ == "__main__":  # python -m tests.golden.test_rules > tests/golden/faults/coverage.md
    print(coverage_table(), end="")
