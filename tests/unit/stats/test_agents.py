"""User agents are matched as the list of user agents says."""

import json
import re

import pytest

from podcast_kit.errors import InvalidInput
from podcast_kit.stats.agents import (
    AGENT_TABLES,
    KIND_OF_TABLE,
    TABLES,
    load_agent_lists,
    parse_agent_lists,
    render_agent_lists,
)
from tests.support.shows import ROOT

EXAMPLES = json.loads((ROOT / "tests/samples/user_agents/examples.json").read_text("utf-8"))
LISTS = load_agent_lists()


def test_every_example_of_the_list_matches_its_entry():
    examples = [
        (table, entry["name"], agent)
        for table in AGENT_TABLES
        for entry in EXAMPLES[table]
        for agent in entry["examples"]
    ]
    wrong = [
        (table, name, agent, match)
        for table, name, agent in examples
        if ((match := LISTS.match_agent(agent)).kind, match.name) != (KIND_OF_TABLE[table], name)
    ]
    assert len(examples) == 1_420
    assert wrong == []


def test_every_example_of_a_device_and_a_referrer_matches_its_entry():
    wrong = [
        (agent, entry["name"], device)
        for entry in EXAMPLES["devices"]
        for agent in entry["examples"]
        if (device := LISTS.match_agent(agent).device) != entry["name"]
    ]
    wrong += [
        referrer
        for entry in EXAMPLES["referrers"]
        for referrer in entry["examples"]
        if LISTS.match_referrer(referrer).name != entry["name"]
    ]
    # The list itself has an entry above this one that matches its example.
    assert wrong == [("Watch/1140 CFNetwork/3860.200.71 Darwin/25.1.0", "Apple Watch", "Apple iPhone")]


def test_matching_equals_trying_the_patterns_one_after_another():
    rows = [(table, entry) for table in AGENT_TABLES for entry in LISTS.tables[table]]
    patterns = [(KIND_OF_TABLE[table], entry.name, re.compile(entry.pattern)) for table, entry in rows]
    agents = ["", "-", "Ünbekannt/1", *(agent for entry in EXAMPLES["devices"] for agent in entry["examples"])]
    for agent in agents:
        first = next(((kind, name) for kind, name, pattern in patterns if pattern.search(agent)), ("", ""))
        match = LISTS.match_agent(agent)
        assert (match.kind, match.name) == first


def test_libraries_that_only_programs_use_are_bots():
    assert LISTS.match_agent("python-requests/2.32.3").is_bot
    assert not LISTS.match_agent("Overcast/2026.9 (+http://overcast.fm/; iOS podcast app)").is_bot


def test_copies_for_a_watch_are_recognized():
    watches = ["atc/1.0 watchOS/26.1 model/Watch7,5", "Podcasts/(null)/(null) watchOS/11.2 model/Watch6,1"]
    listeners = ["Overcast/2026 watchOS", "atc/1.0 iOS/26.1", "Podcasts/1 watchOS/11.2"]
    assert [LISTS.match_agent(agent).is_watch for agent in (*watches, *listeners)] == [True, True, False, False, False]


def test_a_hostile_agent_takes_linear_time():
    for unit in ("a", "(", "Mozilla/5.0 ", "\0", "\ud800"):
        assert not LISTS.match_agent(unit * 2_000_000).is_bot


def test_the_shipped_list_says_where_it_is_from():
    assert (LISTS.commit, LISTS.date) == ("8008a31b7d348cd5722656c9d3e2d0c1cd6af212", "2026-08-06")
    assert "MIT License" in (ROOT / "podcast_kit/stats/agent_lists/LICENSE").read_text("utf-8")


def test_a_list_is_read_back_as_written(tmp_path):
    assert parse_agent_lists(render_agent_lists(LISTS), "x").digest == LISTS.digest
    (tmp_path / "src").mkdir()
    for table in TABLES:
        entries = [
            {"name": entry.name, "pattern": entry.pattern, "category": entry.category} for entry in LISTS.tables[table]
        ]
        (tmp_path / "src" / f"{table}.json").write_text(json.dumps({"$schema": "x", "entries": entries}))
    assert load_agent_lists(tmp_path).digest == LISTS.digest


@pytest.mark.parametrize(
    ("data", "texts"),
    [
        ("nothing", ["is not JSON"]),
        ("[" * 100_000, ["is not JSON"]),
        ("[]", ["is not a list of user agents"]),
        ("{}", [f"has no table '{table}'" for table in TABLES]),
        (
            json.dumps(
                {table: [{"name": "a", "pattern": "a"}] for table in TABLES}
                | {"bots": [{"name": "a", "pattern": "(?=a)"}, {"name": 3, "pattern": "a"}, "x"]}
            ),
            [
                "pattern 1 of 'bots' cannot be used: invalid perl operator: (?=",
                "entry 2 of 'bots' has no name or no pattern",
                "entry 3 of 'bots' has no name or no pattern",
            ],
        ),
    ],
)
def test_a_list_that_cannot_be_used_is_refused_with_every_reason(data, texts):
    with pytest.raises(InvalidInput) as raised:
        parse_agent_lists(data.encode(), "agents.json")
    assert {problem.text for problem in raised.value.problems} == set(texts)
    assert {problem.code for problem in raised.value.problems} == {"stats.agents"}
