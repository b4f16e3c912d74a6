"""The corpus of single faults: golden things that are clean, and one small change for each case.

A new case is a new table in tests/golden/faults/*.toml (the feed) or tests/golden/faults/beside/*.toml
(files, pictures, recordings, answers of a server).
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
from podcast_kit.check import rules
from podcast_kit.check.not_checkable import COVERED_BY, UNDECIDED
from podcast_kit.check.rules.artwork import Artwork
from podcast_kit.check.rules.audio import Sound
from podcast_kit.check.rules.chapters import Marks
from podcast_kit.check.rules.links import JsonFeed, Outline, Pages
from podcast_kit.check.rules.transcripts import Script
from podcast_kit.errors import InvalidInput, SourceLocation
from podcast_kit.model import Audio, Chapter, Episode, Item, Media, Image, Probe, Project, Response
from tests.support.feed_factories import make_item, make_show

FAULTS = Path(__file__).parents[1] / "golden" / "faults"
GOLDEN = (FAULTS / "feed.xml").read_text("utf-8")
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
EPISODE = Episode(slug="x", path="episodes/x.md", title="The first minute", notes="")


def changed(text, fault):
    """A text with the fault's replacements, each of which must apply; {text} stands there `times` times."""
    for find, put in [(fault["find"], fault["put"]), *fault.get("then", [])]:
        assert find in text, f"{find!r} is not in the golden file"
        grown = re.sub(r"(?s)\{(.*)\}", lambda m: m[1] * fault["times"], put) if "times" in fault else put
        text = text.replace(find, grown, 1)
    return text


def of_feed(fault):
    """What check says of the golden feed with this one fault."""
    match fault.get("whole"):
        case "items removed":
            data = re.sub(r"(?s)    <item>.*</item>\n", "", GOLDEN)
        case "trailer removed":
            head, _, _ = GOLDEN.rpartition("    <item>")
            data = head + "  </channel>\n</rss>\n"
        case str(whole):
            data = whole
        case _:
            data = changed(GOLDEN, fault) if "find" in fault else GOLDEN
    facts = rules.Facts(
        now=NOW,
        ours=fault.get("ours", False),
        feed_url=fault.get("url", ""),
        scheduled=fault.get("scheduled", False),
        sizes=fault.get("sizes", {}),
        before=feed.parse(GOLDEN.encode(), "before") if fault.get("before") else None,
    )
    try:
        document = feed.parse(data.encode("latin-1" if fault.get("bytes") else "utf-8", "replace"), "feed.xml")
    except InvalidInput as error:
        return error.problems
    return rules.run(document, facts, platform=fault.get("platform", ""))


def of_file(fault):
    """What check says of a golden file beside the feed; its episode has 7 seconds."""
    name = fault["file"]
    text = (FAULTS / "files" / name).read_text("utf-8")
    text = changed(text, fault) if "find" in fault else text
    place = SourceLocation(name)
    match name:
        case "chapters.json":
            thing = Marks(text, place, 7.0)
        case "feed.json":
            thing = JsonFeed(text, place)
        case "shows.opml":
            thing = Outline(feed.parse(text.encode(), name))
        case _:
            thing = Script(text, {"vtt": "text/vtt", "srt": "application/x-subrip"}[name[-3:]], place, 7.0)
    return rules.look_at([thing])


def of_picture(fault):
    """What check says of a good cover with other facts."""
    good = {"format": "JPEG", "mode": "RGB", "alpha": False, "width": 3000, "height": 3000, "bytes": 290_000}
    good |= {"rotated": False, "progressive": False, "dpi": (72, 72)} | fault.get("pixels", {})
    art = Artwork(
        SimpleNamespace(**good), fault.get("name", "cover.jpg"), SourceLocation("x"), EPISODE if "episode" in fault else None
    )
    return rules.look_at([art], platform=fault.get("platform", ""))


def of_sound(fault):
    """What check says of a good recording with other facts."""
    facts = {"bytes": 1, "seconds": 90.0, "mime": "audio/mpeg", "codec": "mp3", "bit_rate": 128_000, "channels": 2}
    facts |= {"sample_rate": 44_100, "mode": "cbr"} | fault.get("facts", {})
    tags = {"title": EPISODE.title, "chapters": [0, 60_000]} | fault.get("tags", {})
    tags["chapters"] = [Chapter(start_ms=start, title="x") for start in tags["chapters"]]
    media = Media(key="a.mp3", sha256="", bytes=1, mime="audio/mpeg", seconds=90)
    marks = (Chapter(start_ms=0, title="x"), Chapter(start_ms=60_400, title="y"))
    item = Item(episode=EPISODE, guid="x", date=NOW, url="", enclosure=media, enclosure_url="", chapters=marks)
    heard = SimpleNamespace(**{"integrated": -16.3, "true_peak": -1.2} | fault.get("loudness", {}))
    sound = Sound(
        "a.mp3", SourceLocation("a.mp3"), Audio(**facts), SimpleNamespace(**tags), item, heard, fault.get("frozen", False)
    )
    return rules.look_at([sound], platform=fault.get("platform", ""))


KINDS = {
    "feed": ("feed.xml", "application/rss+xml", ("get", "head", "again", "zipped")),
    "artwork": ("cover.jpg", "image/jpeg", ("get", "head")),
    "media": ("a.mp3", "audio/mpeg", ("head", "part")),
    "transcript": ("a.vtt", "text/vtt", ("get",)),
    "chapters": ("a.json", "application/json+chapters", ("get",)),
}


def of_answers(fault):
    """What check says of an address that answers well, but for this."""
    kind = fault["kind"]
    name, mime, asked = KINDS[kind]
    url = fault.get("url", f"https://pod.example/{name}")
    said = {"content-type": mime, "etag": '"a"', "cache-control": "max-age=300", "access-control-allow-origin": "*"}
    said = {key: value for key, value in (said | fault.get("every", {})).items() if key not in fault.get("without", ())}
    hops = tuple((status, to) for status, to in fault.get("hops", ()))
    own = {
        "part": {"status": 206, "headers": said | {"content-range": "bytes 0-1/5000"}},
        "again": {"status": 304},
        "zipped": {"headers": said | {"content-encoding": "gzip"}},
    }
    answers = {}
    for way in asked:
        given = {"url": url, "status": 200, "headers": said, "hops": hops, "size": 50_000} | own.get(way, {})
        mine = fault.get(way, {}) | fault.get("all", {})
        answers[way] = Response(**given | mine | {"headers": given["headers"] | mine.get("headers", {})})
    return rules.look_at([Probe(url=url, kind=kind, mime=mime, bytes=5000, **answers)])


def cases(path):
    return [
        pytest.param(fault, id=f"{path.stem}-{number}-{fault['rule']}")
        for number, fault in enumerate(tomllib.loads(path.read_text("utf-8"))["fault"], 1)
    ]


LOOKS = {"files": of_file, "pictures": of_picture, "sounds": of_sound, "answers": of_answers}
IN_FEED = [case for path in sorted(FAULTS.glob("*.toml")) for case in cases(path)]
BESIDE = [
    pytest.param(LOOKS[path.stem], *case.values, id=case.id)
    for path in sorted((FAULTS / "beside").glob("*.toml"))
    for case in cases(path)
]


def named(found, fault):
    """Exactly this rule, at this level where the case says one."""
    assert {problem.code for problem in found} == {fault["rule"]}
    assert {str(problem.severity) for problem in found} == {fault.get("level", str(found[0].severity))}


@pytest.mark.parametrize("platform", ["", *rules.PLATFORMS])
def test_the_golden_feed_is_clean(platform):
    assert of_feed({"platform": platform}) == ()


@pytest.mark.parametrize("fault", IN_FEED)
def test_a_single_fault_in_a_feed_is_named_by_exactly_its_rule(fault):
    named(of_feed(fault), fault)


@pytest.mark.parametrize("name", sorted(path.name for path in (FAULTS / "files").iterdir()))
def test_golden_files_are_clean(name):
    assert of_file({"file": name}) == ()


@pytest.mark.parametrize("platform", ["", *rules.PLATFORMS])
def test_a_good_cover_and_a_good_recording_are_clean(platform):
    assert of_picture({"platform": platform}) == of_sound({"platform": platform}) == ()


@pytest.mark.parametrize("kind", KINDS)
def test_good_answers_are_clean(kind):
    assert of_answers({"kind": kind}) == ()


@pytest.mark.parametrize(("look", "fault"), BESIDE)
def test_a_single_fault_beside_the_feed_is_named_by_exactly_its_rule(look, fault):
    named(look(fault), fault)


NATURE = {
    "itunes.applepodcastsverify": {"ch.verify"},
    "itunes.block": {"ch.block", "it.block"},
    "itunes.new-feed-url": {"ch.newfeed"},
    "podcast.images": {"pn.deprecated"},
    "podcast.txt": {"ch.verify"},
}
"""What is to be said of a tag because of what it is."""


def bare():
    """The golden feed with room for tags in its channel and in its first item."""
    head, _, rest = GOLDEN.partition("    <podcast:medium>")
    first, _, others = rest.partition("    <item>\n")[2].partition("    </item>\n")
    plain = re.sub(r"(?s)      <podcast:.*(?=      <psc:chapters )", "", first)
    text = f"{head}CHANNEL    <item>\n{plain}ITEM    </item>\n{others}"
    text = re.sub(r" *<(podcast:guid|podcast:locked|itunes:season|itunes:episode)\b.*\n", "", text)
    return text.replace("serial", "episodic").replace(
        "xmlns:psc", 'xmlns:spotify="http://www.spotify.com/ns/rss" xmlns:psc'
    )


@pytest.mark.parametrize("path", sorted((FAULTS.parent / "namespace").glob("[!e]*.xml")), ids=lambda path: path.stem)
def test_every_tag_that_we_can_write_passes(path):
    said = path.read_text("utf-8")
    item = re.search(r"(?s)<item>(.*)</item>", said)
    show = re.sub(r"(?s)<item>.*</item>|</?channel>|</?rss[^>]*>", "", said)
    data = bare().replace("CHANNEL", show).replace("ITEM", item[1] if item else "")
    found = rules.run(feed.parse(data.encode()), rules.Facts(now=NOW))
    assert {problem.code for problem in found} - {"ch.guid", "ch.locked"} == NATURE.get(path.stem, set())


FINE = [
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


@pytest.mark.parametrize(("find", "put"), FINE, ids=[put for _, put in FINE])
def test_what_only_looks_like_a_fault_is_none(find, put):
    assert of_feed({"find": find, "put": put}) == ()


def pages(*texts):
    read = [feed.parse(text.encode(), f"feed/{number}.xml") for number, text in enumerate(texts, 1)]
    return rules.look_at([Pages(tuple(read), SourceLocation("feed.xml"))])


def test_pages_share_their_head_and_no_episode():
    older = re.sub(r"0b6f3a53-7c62-4bd4-a5ed-0b7d3e6d6a0(\d)", r"0b6f3a53-7c62-4bd4-a5ed-0b7d3e6d6b0\1", GOLDEN)
    assert pages(GOLDEN, older) == ()
    assert {problem.code for problem in pages(GOLDEN, GOLDEN)} == {"lk.pages"}
    renamed = older.replace("<title>Talking Back<", "<title>Talking<", 1)
    assert {problem.code for problem in pages(GOLDEN, renamed)} == {"lk.pages"}


def test_a_feed_of_ours_that_says_it_pings_where_nothing_does_is_told_so():
    project = Project(folder=Path(), show=make_show(), episodes=())
    found = rules.run(feed.parse(GOLDEN.encode()), rules.Facts(now=NOW, project=project, ours=True))
    assert {problem.code for problem in found} == {"lk.podping"}


def test_an_episode_with_another_picture_has_it_under_another_address():
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
    found = rules.run(feed.parse(GOLDEN.encode()), rules.Facts(now=NOW, items=items))
    assert {problem.code for problem in found} == {"it.image"}


VALUE = re.compile(r'(?<==")[^"<>]+(?=")|(?<=>)[^<>\s][^<>]*(?=<)')
VALUES = [match.span() for match in VALUE.finditer(GOLDEN, GOLDEN.index("<channel>"))]
DATES = [
    "Mon, 01 Jan 0001 00:00:00 +1400",
    "Fri, 31 Dec 9999 23:59:59 -1200",
    "1 Jan 99 0:0 EST",
    "1:2:3:4",
    "0001-01-01",
]
ODD = st.one_of(
    st.sampled_from(["", " ", "0", "-1", "1e999", "9" * 400, "٣", "NaN", "https://[", "//", "%", "\u2028"]),
    st.sampled_from(
        ["Mon, 01 Jan 0001 00:00:00 +1400", "Fri, 31 Dec 9999 23:59:59 -1200", "1 Jan 99 0:0 EST", "::", "1:2:3:4"]
    ),
    st.sampled_from(["true", "Yes", "geo:", "FREQ=", "&lt;p", "&lt;a href=", "&lt;/b&gt;&lt;b", "a@b", "en-", "00:00"]),
    st.text(st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters='<>&"\ufffe\uffff'), max_size=30),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(VALUES) - 1), ODD), min_size=1, max_size=8, unique_by=lambda one: one[0]))
def test_no_value_whatever_brings_the_check_down(changes):
    """Only findings come out, each with a text and a place, and the same ones again."""
    data = GOLDEN
    for number, value in sorted(changes, reverse=True):
        begin, end = VALUES[number]
        data = data[:begin] + value + data[end:]
    try:
        document = feed.parse(data.encode())
    except InvalidInput:
        return  # a name was hit, and the feed is no feed any more
    facts = rules.Facts(now=NOW, before=feed.parse(GOLDEN.encode()), feed_url="https://pod.example/feed.xml", ours=True)
    found = rules.run(document, facts)
    assert all(problem.text and problem.location.line for problem in found if problem.code != "it.guid.stable")
    assert found == rules.run(document, facts)


COVERED = {case.values[-1]["rule"] for case in [*IN_FEED, *BESIDE]} | {"lk.pages", "lk.podping"}


def test_every_rule_has_a_case():
    assert rules.BOOK.keys() - COVERED == set()


def table():
    """Rules covered / decidable / undecidable with the reason."""
    counted = Counter(case.values[-1]["rule"] for case in [*IN_FEED, *BESIDE])
    covered = len(COVERED & rules.BOOK.keys())
    lines = [f"covered {covered} / decidable {len(rules.BOOK)} / undecidable {len(UNDECIDED)}"]
    lines += ["", "| rule | level | cases |", "|---|---|---|"]
    lines += [f"| {code} | {rule.severity} | {counted[code] or 'in code'} |" for code, rule in rules.BOOK.items()]
    lines += ["", "| decided elsewhere | where |", "|---|---|"]
    lines += [f"| {code} | {where} |" for code, where in COVERED_BY.items()]
    lines += ["", "| undecidable | why |", "|---|---|"]
    lines += [f"| {code} | {why} |" for code, why in UNDECIDED.items()]
    return "\n".join(lines) + "\n"


def test_the_table_of_rules_that_are_covered_is_true():
    assert (FAULTS / "coverage.md").read_text("utf-8") == table()


def test_messages_are_whole():
    """Every rule says what must hold, why, and rests on a source."""
    for rule in rules.BOOK.values():
        assert rule.says.endswith(".")
        assert rule.why
        assert rule.sources
        assert set(rule.platforms) <= rules.PLATFORMS.keys()
        assert set(rule.sources) <= rules.SOURCES.keys()


if __name__ == "__main__":  # python -m tests.golden.test_rules > tests/golden/faults/coverage.md
    print(table(), end="")
