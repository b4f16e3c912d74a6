"""`stats` counts downloads from access logs."""

import csv
import json
import shutil
from collections import Counter
from datetime import UTC, date, datetime

import pytest
from click.testing import CliRunner

from podcast_kit.cli import cli
from podcast_kit.cli.commands import stats as command
from podcast_kit.cli.stats_view import align_columns, shorten, sparkline
from podcast_kit.stats.folder import StatsFolder
from tests.support import access_logs, counted_shows
from tests.support.shows import ROOT

COUNT = 30


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    """A state folder of this test, and a time in the month of the log."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    at_time(monkeypatch, "2026-10-20T12:00")
    return tmp_path / "state"


@pytest.fixture(scope="module")
def log():
    return counted_shows.whole_downloads(COUNT)


@pytest.fixture
def show(tmp_path, log):
    return counted_shows.make_counted_show(tmp_path / "show", log.recordings)


@pytest.fixture
def logs(tmp_path, log):
    return counted_shows.write_combined(tmp_path / "logs" / "access.log", log).parent


def run(show, *arguments, code=0):
    done = CliRunner().invoke(cli, ["stats", "-C", str(show), *map(str, arguments)])
    assert done.exit_code == code, done.output
    return done


def read_json(show, *arguments):
    return json.loads(run(show, *arguments, "--json").stdout)


def at_time(monkeypatch, moment):
    """Let the command run at this time."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.fromisoformat(moment).replace(tzinfo=UTC).astimezone(tz)

    monkeypatch.setattr(command, "datetime", Clock)


def test_downloads_by_episode_and_day_equal_the_truth(show, logs, log):
    document = read_json(show, logs)
    by_day_and_episode = Counter(
        {
            (date.fromisoformat(day), episode["guid"]): count
            for episode in document["episodes"]
            for day, count in episode["days"].items()
        }
    )
    assert document["downloads"] == COUNT
    assert by_day_and_episode == log.truth["calendar"]
    assert {row["day"]: row["listeners"] for row in document["days"] if row["listeners"]} == {
        str(day): count for day, count in log.listeners.items()
    }
    assert document["logs"] == {"read": 1, "unchanged": 0, "repeated": 0, "requests": len(log.requests)}
    assert document["formats"][0]["has_ranges"] is False
    assert "the bytes of a listener are added up instead" in " ".join(document["method"])


def test_table_of_episodes_has_sparklines_and_the_method(show, logs):
    lines = run(show, logs).stdout.splitlines()
    assert lines[0] == f"{COUNT} downloads, 2026-10-12 to 2026-10-15"
    assert any(line.startswith("Talk 1 ") and "█" in line for line in lines)
    text = "\n".join(lines)
    assert "counted by the rules of the IAB Podcast Technical Measurement Guidelines v2.3, window: calendar day" in text
    assert "certified" not in text.lower()
    assert "left out: " in text
    assert "bots" in text


@pytest.mark.parametrize("dimension", command.DIMENSIONS)
def test_every_dimension_adds_up_to_all_downloads(show, logs, dimension):
    lines = run(show, logs, "--by", dimension).stdout.splitlines()
    table = lines[3 : lines.index("", 3)]
    assert table[0].split()[0] == dimension
    column = table[0].split().index("downloads") - len(table[0].split()) if dimension == "episode" else None
    if column is None:
        assert sum(int(line.split("█")[0].split()[-1]) for line in table[1:]) == COUNT


def test_period_leaves_out_other_days(show, logs, log):
    document = read_json(show, logs, "--since", "2026-10-13", "--until", "2026-10-14")
    expected = sum(
        count for (day, _), count in log.truth["calendar"].items() if date(2026, 10, 13) <= day <= date(2026, 10, 14)
    )
    assert document["downloads"] == expected
    assert [row["day"] for row in document["days"]] == ["2026-10-13", "2026-10-14"]


def test_csv_has_every_row(show, logs, log, tmp_path):
    run(show, logs, "--csv", tmp_path / "rows.csv")
    with (tmp_path / "rows.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    totals = Counter()
    for row in rows:
        totals[date.fromisoformat(row["day"]), row["guid"]] += int(row["downloads"])
    assert totals == log.truth["calendar"]
    assert {row["slug"] for row in rows} <= {recording.slug for recording in log.recordings}


def test_a_second_run_reads_no_log_and_counts_the_same(show, logs):
    first = read_json(show, logs)
    second = read_json(show, logs)
    assert second["logs"] == {"read": 0, "unchanged": 1, "repeated": 0, "requests": 0}
    assert second["episodes"] == first["episodes"] == read_json(show)["episodes"]


def test_no_identity_is_kept_of_a_final_month(show, logs, log, state, monkeypatch, tmp_path):
    before = read_json(show, logs)
    [root] = (state / "podcast-kit" / "stats").iterdir()
    [salt] = (root / "salts").iterdir()
    assert salt.stat().st_mode & 0o777 == 0o600
    assert root.stat().st_mode & 0o777 == 0o700
    secret = salt.read_text()
    at_time(monkeypatch, "2026-11-07T23:00")
    assert read_json(show)["final_months"] == []
    at_time(monkeypatch, "2026-11-08T00:30")
    after = read_json(show)
    assert after["final_months"] == ["2026-10"]
    for key in ("downloads", "episodes", "days", "by_app", "by_device", "by_country", "requests", "listeners_by_month"):
        assert after[key] == before[key]
    assert list((root / "salts").iterdir()) == []
    assert list((root / "requests").rglob("*.parquet")) == []
    addresses = {request.address.encode() for request in log.requests}
    agents = {request.agent.encode() for request in log.requests if "WaldFunk" in request.agent}
    for path in root.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert secret.encode() not in data
            assert not [address for address in addresses | agents if address in data]
    again = counted_shows.write_combined(tmp_path / "late" / "late.log", log)
    late = read_json(show, again.parent, "--window", "last-touch")
    assert late["downloads"] == before["downloads"]
    assert [problem["code"] for problem in late["problems"]] in ([], ["stats.late"])


def test_lines_of_a_final_month_are_not_counted_again(show, logs, log, monkeypatch, tmp_path):
    at_time(monkeypatch, "2026-12-01T00:30")
    before = read_json(show, logs)
    assert before["final_months"] == ["2026-10"]
    later = counted_shows.whole_downloads(3, first_day=date(2026, 10, 20), recordings=log.recordings)
    counted_shows.write_combined(tmp_path / "late" / "late.log", later)
    late = read_json(show, tmp_path / "late")
    assert late["downloads"] == before["downloads"]
    assert [problem["code"] for problem in late["problems"]] == ["stats.late"]
    assert late["problems"][0]["message"].startswith(f"{len(later.requests)} lines ")


def test_a_killed_run_that_finished_a_month_counts_it_once(show, logs, monkeypatch):
    at_time(monkeypatch, "2026-12-01T00:30")
    monkeypatch.setattr(StatsFolder, "delete_salt", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    run(show, logs, code=130)
    monkeypatch.undo()
    monkeypatch.setenv("XDG_STATE_HOME", str(show.parent / "state"))
    at_time(monkeypatch, "2026-12-01T00:31")
    document = read_json(show, logs)
    assert (document["downloads"], document["final_months"]) == (COUNT, ["2026-10"])


def test_a_replaced_recording_still_counts(show, logs):
    before = read_json(show, logs)
    lock = (show / "podcast.lock").read_text()
    (show / "podcast.lock").write_text(lock.replace("media/0000000000000001/", "media/00000000000000ff/"))
    assert read_json(show)["downloads"] == before["downloads"]


def test_days_that_are_not_final_are_named(show, logs, monkeypatch):
    at_time(monkeypatch, "2026-10-15T12:00")
    document = read_json(show, logs)
    assert document["final_until"] == "2026-10-14"
    assert [row["final"] for row in document["days"]] == [True, True, True, False]
    assert "days from 2026-10-15 on may still get downloads" in run(show).stdout


def test_status_says_how_old_the_figures_are(show, logs):
    shutil.rmtree(show / "episodes")
    (show / "episodes").mkdir()
    (show / "podcast.lock").unlink()
    (show / "podcast.lock").write_text("version: 1\nepisodes: []\n")
    status = ["status", "-C", str(show), "--to", str(show.parent / "public")]
    before = CliRunner().invoke(cli, [*status, "--json", "--at", "2026-10-23"])
    assert json.loads(before.stdout)["statistics"] is None
    run(show, logs)
    after = CliRunner().invoke(cli, [*status, "--json", "--at", "2026-10-23"])
    assert json.loads(after.stdout)["statistics"] == {
        "read_at": "2026-10-20T12:00:00+00:00",
        "final_until": "2026-10-19",
    }
    lines = CliRunner().invoke(cli, [*status, "--at", "2026-10-23T13:00+00:00"]).stderr
    assert "statistics: logs last read 3 days ago; days until 2026-10-19 are final" in lines


def test_compare_shows_the_first_days_of_episodes(show, logs):
    lines = run(show, "compare", "1", "2").stdout.splitlines()
    run(show, logs)
    lines = run(show, "compare", "1", "2").stdout.splitlines()
    assert lines[0].split() == [
        "episode",
        "7",
        "days",
        "30",
        "days",
        "90",
        "days",
        "all",
        "days",
        "since",
        "the",
        "release",
    ]
    assert [line[:6] for line in lines[1:]] == ["Talk 2", "Talk 1"]


def test_an_episode_shows_how_far_people_listen_over_its_chapters(show, tmp_path, log):
    recording = log.recordings[0]
    notes = show / "episodes" / "001-talk.md"
    notes.write_text(notes.read_text() + "\n00:00 Hello\n\n05:40 The end\n")
    (tmp_path / "logs").mkdir()
    half = recording.head_bytes + (recording.bytes - recording.head_bytes) // 2
    rows = [("198.51.100.7", 0, half // 2), ("198.51.100.7", half // 2, half), ("198.51.100.8", 0, half)]
    rows.append(("198.51.100.8", half, recording.bytes))
    lines = [
        {
            "ts": 1760342400.0 + 365 * 86400 + number,
            "request": {
                "remote_ip": address,
                "method": "GET",
                "uri": recording.path,
                "headers": {"User-Agent": ["WaldFunk/3"], "Range": [f"bytes={start}-{stop - 1}"]},
            },
            "status": 206,
            "size": stop - start,
        }
        for number, (address, start, stop) in enumerate(rows)
    ]
    (tmp_path / "logs" / "caddy.log").write_text("".join(json.dumps(line) + "\n" for line in lines))
    document = read_json(show, tmp_path / "logs")
    assert document["formats"][0]["has_ranges"], document
    listening = read_json(show, "episode", "1")["listening"]
    assert listening["streams"] == 2
    assert listening["shares"] == [1.0] * 50 + [0.5] * 50
    assert [chapter["title"] for chapter in listening["chapters"]] == ["Hello", "The end"]
    lines = run(show, "episode", "1").stdout.splitlines()
    assert any("The end" in line and "5:40" in line and "50%" in line for line in lines)


def test_an_episode_without_ranges_says_that_listening_is_not_known(show, logs):
    run(show, logs)
    assert "how far people listen is not known" in run(show, "episode", "1").stdout


def test_a_newer_list_of_user_agents_is_used(show, logs, tmp_path):
    run(show, logs)
    shipped = json.loads((ROOT / "podcast_kit/stats/agent_lists/user-agents.json").read_text("utf-8"))
    shipped["apps"].insert(0, {"name": "Waldfunk App", "pattern": "^WaldFunk/"})
    shipped |= {"commit": "f" * 40, "date": "2026-11-20"}
    (tmp_path / "newer.json").write_text(json.dumps(shipped))
    run(show, "update-lists", tmp_path / "newer.json")
    document = read_json(show)
    assert document["by_app"]["Waldfunk App"] > 0
    assert document["user_agents"] == {"commit": "f" * 40, "date": "2026-11-20"}
    assert "opawg/user-agents-v2 fffffff of 2026-11-20" in run(show).stdout


def test_a_list_that_cannot_be_used_changes_nothing(show, tmp_path):
    (tmp_path / "broken.json").write_text("{}")
    done = run(show, "update-lists", tmp_path / "broken.json", code=1)
    assert "[stats.agents]" in done.stderr


def test_a_log_that_does_not_exist_is_named(show):
    assert "nowhere.log: error: does not exist" in run(show, "nowhere.log", code=1).stderr


def test_without_logs_there_are_no_downloads(show):
    assert run(show).stdout == "no downloads yet\n"


def test_sparklines_fit_and_columns_align():
    assert sparkline([0, 1, 2, 4]) == "▁▃▅█"
    assert len(sparkline(list(range(1000)))) == 30
    assert shorten("ü" * 60) == "ü" * 41 + "…"
    assert shorten("漢" * 60) == "漢" * 20 + "…"
    assert align_columns([["a", "n"], ["b", "1,000"]]) == ["a      n", "b  1,000"]


def test_excluded_referrers_are_left_out(show, tmp_path):
    log = access_logs.AccessLog(access_logs.make_recordings())
    author = access_logs.Author(log, 5, first_day=date(2026, 10, 12), days=2)
    access_logs.bogus_referrer(author)
    access_logs.whole_file(author)
    counted_shows.write_combined(tmp_path / "logs" / "access.log", log)
    (tmp_path / "hosts.txt").write_text("# spam\n\nFree-Traffic.example\n")
    assert read_json(show, tmp_path / "logs")["downloads"] == 2
    assert read_json(show, "--exclude-referrers", tmp_path / "hosts.txt")["downloads"] == 1


def test_a_mistyped_action_is_suggested(show):
    assert "no action or log 'comapre'; did you mean 'compare'?" in run(show, "comapre", code=2).output
