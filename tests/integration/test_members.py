"""Episodes for members: in their private feeds, and in nothing else that anyone can see."""

import json
import re

import pytest

from podcast_kit.feed import parse_feed
from tests.support import members_shows, shows
from tests.support.members_shows import EARLY, MEMBERS_ONLY, NOW, WORDS, run

SECRET_MEDIA = re.compile(r"media/[a-z2-7]{32}/[^\"<]+")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A show with members, built on a day when one of its episodes is early."""
    show = members_shows.with_members(tmp_path_factory.mktemp("members") / "show")
    run(show, "build", "--at", NOW)
    return show


def private_feeds(show):
    rows = json.loads(run(show, "private", "--json").stdout)["subscribers"]
    return {row["name"]: row["feed"].removeprefix("https://pod.example/") for row in rows}


def titles(show, path):
    return [item.child_text("title") for item in parse_feed((show / "build" / path).read_bytes()).items]


def tier_feeds(show):
    """The private feed of each tier, by the number of its episodes."""
    feeds = [parse_feed(path.read_bytes()) for path in (show / "build/private").glob("*.xml")]
    return {feed.channel.child_text("title").rpartition("(")[2].strip(")"): feed for feed in feeds}


def test_each_tier_gets_its_episodes(built):
    assert titles(built, "feed.xml") == ["Talk 2", "Talk 1"]
    feeds = tier_feeds(built)
    names = {tier: [item.child_text("title") for item in feed.items] for tier, feed in feeds.items()}
    assert names == {
        "gold": [f"{EARLY} comes early", f"{MEMBERS_ONLY} bonus", "Talk 2", "Talk 1"],
        "supporter": [f"{EARLY} comes early", "Talk 2", "Talk 1"],
    }


def test_members_media_have_addresses_that_no_public_file_has(built):
    gold = tier_feeds(built)["gold"]
    urls = {item.child_text("title"): item.child("enclosure").attributes["url"] for item in gold.items}
    assert re.fullmatch(r"https://pod\.example/media/[0-9a-f]{16}/001-talk\.mp3", urls["Talk 1"])
    secret = [url for title, url in urls.items() if title != "Talk 1"]
    assert all(SECRET_MEDIA.fullmatch(url.removeprefix("https://pod.example/")) for url in secret)
    assert all((built / "build" / url.removeprefix("https://pod.example/")).is_file() for url in urls.values())
    tokens = {url.split("/")[4] for url in secret}
    assert len(tokens) == 3
    shown = {path: path.read_bytes() for path in (built / "build").rglob("*") if path.is_file()}
    shown = {path: data for path, data in shown.items() if "private" not in path.parts and path.suffix != ".mp3"}
    assert [path for path, data in shown.items() if any(token.encode() in data for token in tokens)] == []


def test_an_episode_keeps_its_guid_and_its_date_of_access(built):
    public = {item.child_text("guid"): item for item in parse_feed((built / "build/feed.xml").read_bytes()).items}
    gold = {item.child_text("guid"): item for item in tier_feeds(built)["gold"].items}
    assert public.keys() < gold.keys()
    second = next(guid for guid, item in public.items() if item.child_text("title") == "Talk 2")
    assert public[second].child("enclosure").attributes != gold[second].child("enclosure").attributes
    early = next(item for item in gold.values() if item.child_text("title").startswith(EARLY))
    assert early.child_text("pubDate") == "Mon, 31 Dec 2029 07:00:00 +0000"
    bonus = next(item for item in gold.values() if item.child_text("title").startswith(MEMBERS_ONLY))
    assert bonus.child("link") is None


def test_nothing_public_has_a_word_of_what_is_for_members(built):
    files = [path for path in (built / "build").rglob("*") if path.is_file() and "private" not in path.parts]
    public = [path for path in files if not re.search(r"media/[a-z2-7]{32}/", path.as_posix())]
    assert len(public) > 20
    assert [path for path in public if any(word.encode() in path.read_bytes() for word in WORDS)] == []


def test_an_early_episode_becomes_public_under_the_same_guid(built):
    before = tier_feeds(built)["supporter"]
    run(built, "build", "--at", "2030-01-09")
    assert titles(built, "feed.xml") == [f"{EARLY} comes early", "Talk 2", "Talk 1"]
    public = parse_feed((built / "build/feed.xml").read_bytes()).items[0]
    after = tier_feeds(built)["supporter"].items[0]
    assert public.child_text("guid") == after.child_text("guid") == before.items[0].child_text("guid")
    assert after.child("enclosure").attributes == before.items[0].child("enclosure").attributes  # members keep theirs
    assert re.search(r"/media/[0-9a-f]{16}/early\.m", public.child("enclosure").attributes["url"])
    run(built, "build", "--at", NOW)


def test_one_address_is_renewed_and_all_media_get_new_ones(tmp_path):
    show = members_shows.with_members(tmp_path / "show")
    run(show, "build", "--at", NOW)
    before, media = private_feeds(show), media_tokens(show)
    run(show, "private", "--renew", "annegret  ZEISIG", "--rekey")
    run(show, "build", "--at", NOW)
    after = private_feeds(show)
    assert {name for name in before if before[name] != after[name]} == {"Annegret Zeisig"}
    assert len(media) == len(media_tokens(show)) > 0
    assert not media & media_tokens(show)
    assert "zeisig" not in (show / "members.lock").read_text().casefold()


def media_tokens(show):
    return set(re.findall(r"media/([a-z2-7]{32})/", " ".join(path.read_text() for path in private_files(show))))


def private_files(show):
    return list((show / "build/private").glob("*.xml"))


def test_a_welcome_has_the_address_and_a_code_of_it_and_no_address_in_ci(built, tmp_path):
    url = "https://pod.example/" + private_feeds(built)["Bodo Uhu"]
    code = tmp_path / "code.svg"
    welcome = run(built, "private", "--welcome", "bodo uhu", "--qr", code)
    assert url in welcome.stdout
    assert "Hello Bodo Uhu," in welcome.stdout
    assert code.read_text().startswith("<svg")
    assert "█" in run(built, "private", "--welcome", "Bodo Uhu").stdout
    in_ci = run(built, "private", "--welcome", "Bodo Uhu", env={"CI": "true"}).output
    assert url.rpartition("/")[2].removesuffix(".xml") not in in_ci
    assert "█" not in in_ci
    assert "has no private feed" in run(built, "private", "--welcome", "Eve", exit_code=1).output


def test_an_estimate_has_objects_bytes_requests_and_money(built, tmp_path):
    prices = tmp_path / "prices.toml"
    prices.write_text('currency = "USD"\nput_per_1000 = 5\ncopy_per_1000 = 1000\n')
    document = json.loads(run(built, "private", "--estimate", "--prices", prices, "--json").stdout)
    assert (document["estimate"]["subscribers"], document["estimate"]["copies"]) == (2, 2)
    assert document["costs"][0] == {"what": "requests of a new episode", "amount": 2.08, "currency": "USD"}
    for text in ("put_per_1000 = 'x'\n", "fee = 1\n", "put_per_1000 = inf\n", "\0"):
        prices.write_text(text)
        assert "error" in run(built, "private", "--estimate", "--prices", prices, exit_code=1).output


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"audience": "platinum"}, "no tier called 'platinum'"),
        ({"audience": "gold", "members_from": "2019-12-01 08:00"}, "is for members only"),
        ({"members_from": "2029-12-01 08:00"}, "is later than the date"),
        ({"audio": "{file: 005-talk.mp3, members: gone.mp3}"}, "gone.mp3"),
        ({"audio": "{file: 005-talk.mp3, members: ../../secret.mp3}"}, "outside"),
    ],
)
def test_what_is_wrong_with_a_members_episode_is_reported(tmp_path, keys, message):
    show = members_shows.with_members(tmp_path / "show")
    shows.add(show, 5, **keys)
    assert message in run(show, "build", "--at", NOW, exit_code=1).output


def test_an_episode_that_was_public_stops_the_publish_until_that_is_confirmed(tmp_path):
    show = members_shows.with_members(tmp_path / "show")
    run(show, "publish", "--yes", "--at", NOW)
    notes = show / "episodes/001-talk.md"
    notes.write_text(notes.read_text().replace("number: 1\n", "number: 1\naudience: members\n"))
    refused = run(show, "publish", "--yes", "--at", NOW, exit_code=1).output
    assert "“Talk 1” would disappear" in refused
    first = next(row for row in episode_rows(show) if row["slug"] == "001-talk")
    assert (first["standing"], first["title"]) == ("changed", "")
    assert first["detail"] == "public until the next publish, then only for members"
    run(show, "publish", "--yes", "--at", NOW, "--remove", "1")
    public = parse_feed((show / "public/feed.xml").read_bytes())
    assert [item.child_text("title") for item in public.items] == ["Talk 2"]
    gold = max(private_files(show), key=lambda path: path.stat().st_size)
    assert "Talk 1" in gold.read_text()
    assert not SECRET_MEDIA.search((show / "podcast.lock").read_text())
    notes.write_text(notes.read_text().replace("audience: members\n", ""))
    run(show, "publish", "--yes", "--at", NOW)
    again = parse_feed((show / "public/feed.xml").read_bytes()).items[-1]
    assert (again.child_text("title"), again.child_text("guid")) == ("Talk 1", f"{shows.GUID}0001")
    assert (show / "public" / again.child("enclosure").attributes["url"].removeprefix("https://pod.example/")).is_file()


def test_status_knows_episodes_that_only_members_have(tmp_path):
    show = members_shows.with_members(tmp_path / "show")

    def list_rows():
        return {row["slug"]: row["standing"] for row in episode_rows(show)}

    assert list_rows()["bonus"] == "due"
    done = run(show, "publish", "--yes", "--no-check", "--at", NOW)
    assert re.search(r"[0-9]+ pages, [2-9] feeds\), ", done.output)
    assert list_rows() == {"001-talk": "live", "002-talk": "live", "bonus": "live", "early": "scheduled"}


def episode_rows(show):
    return json.loads(run(show, "status", "--at", NOW, "--json").stdout)["episodes"]


def test_no_name_of_a_subscriber_is_in_a_log_of_ci(built):
    for arguments in (["private"], ["private", "--json"], ["private", "--renew", "Bodo Uhu"], ["build"], ["check"]):
        output = run(built, *arguments, env={"CI": "true"}).output
        assert not re.search("Annegret|Bodo", output), arguments


def test_files_of_members_in_static_are_refused(tmp_path):
    show = members_shows.with_members(tmp_path / "show", members_shows.PEOPLE)
    static = show / "static"
    (static / "list").mkdir(parents=True)
    (show / "episodes/ad-free.mp3").rename(static / "ad-free.mp3")
    (show / "episodes/008-talk.mp3").rename(static / "bonus.mp3")
    for name, old in (("002", "members: ad-free.mp3"), ("008", "audience: gold")):
        notes = show / f"episodes/{name}-talk.md"
        new = "members: ../static/ad-free.mp3" if name == "002" else f"{old}\naudio: ../static/bonus.mp3"
        notes.write_text(notes.read_text().replace(old, new))
    for name in ("Subscribers.TXT", "subscribers.key", "list/people.csv", "id_ed25519", "kit.key"):
        (static / name).write_text("email\n")
    members_shows.private(show, "subscribers: static/list/people.csv")
    output = run(show, "check", "--at", NOW, exit_code=1).output
    refused = {
        line.partition(": ")[0].rpartition("/static/")[2] for line in output.splitlines() if "[static.sec" in line
    }
    assert refused == {
        "Subscribers.TXT",
        "subscribers.key",
        "list/people.csv",
        "id_ed25519",
        "ad-free.mp3",
        "bonus.mp3",
    }
