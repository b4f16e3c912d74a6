import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from podcast_kit.errors import InvalidInput, Severity
from podcast_kit.source.yaml import (
    MAX_SOURCE_BYTES,
    ForeignKey,
    Table,
    converters,
    decode_source,
    parse_front_matter,
    parse_yaml_table,
    suggest_name,
)


def parse(source):
    return parse_yaml_table(source, "x.yaml")


def problems_of(source, read=lambda table: table.finish()):
    """Each problem as `line:column code`."""
    try:
        table = parse(source)
        read(table)
        problems = table.problems
    except InvalidInput as error:
        problems = error.problems
    return [f"{problem.location.line}:{problem.location.column} {problem.code}" for problem in problems]


@pytest.mark.parametrize(
    "raw", ["12:34", "010", "no", "404", "Null", "1.10", "2026-13-01", "1_000", "0x1F", "~", "=", ".inf"]
)
def test_scalar_stays_text(raw):
    assert parse(f"key: {raw}").optional("key", str, "") == raw


@pytest.mark.parametrize("empty", ["key:", "key: # nothing yet", "key:   \nother: x"])
def test_key_without_value_counts_as_left_out(empty):
    assert parse(empty).optional("key", str, "default") == "default"


def test_quoted_empty_string_is_a_value():
    assert parse('key: ""').optional("key", str, "default") == ""


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("title: A: B", "1:9 yaml.syntax", id="colon"),
        pytest.param("a: x\ntitle: @x", "2:8 yaml.syntax", id="at sign"),
        pytest.param("title: `x`", "1:8 yaml.syntax", id="backtick"),
        pytest.param("title: %x", "1:8 yaml.syntax", id="percent"),
        pytest.param('a: 1\ntitle: "x\nb: 2', "2:8 yaml.syntax", id="open quote"),
        pytest.param("list: [a, b", "1:7 yaml.syntax", id="open bracket"),
        pytest.param("\ttitle: x", "1:1 yaml.syntax", id="tab"),
        pytest.param("a: 1\n b: 2", "2:3 yaml.syntax", id="indentation"),
        pytest.param('title: "C:\\path"', "1:11 yaml.syntax", id="backslash"),
        pytest.param("title: *x", "1:8 yaml.alias", id="alias"),
        pytest.param("title: &x y", "1:8 yaml.alias", id="anchor"),
        pytest.param("title: !x y", "1:8 yaml.tag", id="tag"),
        pytest.param("title: !!python/object/apply:os.system [x]", "1:8 yaml.tag", id="python tag"),
        pytest.param("a: 1\n---\nb: 2", "2:1 yaml.documents", id="two documents"),
        pytest.param("- a\n- b", "1:1 yaml.mapping", id="a list"),
        pytest.param("just text", "1:1 yaml.mapping", id="text"),
        pytest.param("a: b\x07", "1:5 file.control", id="control character"),
        pytest.param("a: " + "[" * 50, "1:19 yaml.deep", id="deep"),
        pytest.param('title "x"\ndate: 3', "1:1 yaml.syntax", id="no colon on the line above"),
        pytest.param('title: "x" y', "1:12 yaml.syntax", id="text after a quote"),
        pytest.param("title: 'It's'", "1:12 yaml.syntax", id="a quote inside quotes"),
        pytest.param("? [a]\n: b", "1:3 yaml.syntax", id="a list as key"),
    ],
)
def test_invalid_yaml_is_reported_with_its_location(source, expected):
    assert problems_of(source) == [expected]


@pytest.mark.parametrize("source", ["title: A: B", "title: @x", "title: *x", "title: &x", "title: !x", "title: %x"])
def test_fix_for_special_characters_is_quotes(source):
    with pytest.raises(InvalidInput) as caught:
        parse(source)
    assert [problem.fix for problem in caught.value.problems] == ["put the value in quotes"]


def test_duplicate_key_is_reported_and_reading_goes_on():
    assert problems_of("a: 1\nb: 2\na: 3\nc: 4", lambda table: [table.optional(key, str, "") for key in "abc"]) == [
        "3:1 key.twice"
    ]


def test_unknown_key_suggests_the_nearest_name():
    table = parse("explict: no\nx-mine: 1")
    table.optional("explicit", converters.to_flag, default=False)
    table.optional("title", str, "")
    table.finish()
    assert [(problem.text, problem.fix) for problem in table.problems] == [
        ("unknown key 'explict'", "did you mean 'explicit'?")
    ]


def test_foreign_key_is_reported_with_its_replacement():
    table = parse("Podcast_File: a.mp3")
    table.finish({"podcast_file": ForeignKey("is a key of another tool", "use 'audio'", "key.renamed")})
    assert [(problem.code, problem.fix) for problem in table.problems] == [("key.renamed", "use 'audio'")]


def test_two_names_of_one_key_are_reported():
    assert problems_of(
        "number: 1\nepisode: 2", lambda table: table.optional("number", str, "", other_names=("episode",))
    ) == ["2:1 key.both"]


def test_list_instead_of_single_value_is_reported():
    assert problems_of("title: [a, b]", lambda table: table.optional("title", str, "")) == ["1:1 value.single"]


def test_single_value_is_a_list_of_one():
    assert parse("tags: a").list_of("tags", str) == ("a",)


def test_nested_table_reports_problems_at_their_lines():
    table = parse("chapters:\n  - {start: 1}\n  - start: 2\n    titel: x\n")
    for inner in table.tables("chapters", "this chapter"):
        inner.required("start", str, "")
        inner.required("title", str, "")
        inner.finish()
    assert [f"{problem.location.line}:{problem.location.column} {problem.text}" for problem in table.problems] == [
        "2:5 'title' is missing in this chapter",
        "3:5 'title' is missing in this chapter",
        "4:5 unknown key 'titel' in this chapter",
    ]


@pytest.mark.parametrize(
    ("source", "dropped"),
    [
        ("title: Questions #12", True),
        ("title: Questions # a comment", False),
        ('title: "Questions #12"', False),
        ("title: C#", False),
    ],
)
def test_accidental_comment_is_warned_of(source, dropped):
    table = parse(source)
    assert [problem.code for problem in table.problems if problem.severity is Severity.WARNING] == [
        "yaml.comment"
    ] * dropped


@pytest.mark.parametrize("fence", ["---", "---  ", "---\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_front_matter_with_any_line_ending_and_bom(bom, ending, fence):
    source = decode_source((bom + ending.join([fence, "title: x", fence, "Notes", "more"])).encode(), "x.md")
    table, body, line = parse_front_matter(source, "x.md")
    assert (table.optional("title", str, ""), body, line) == ("x", "Notes\nmore", 4)


def test_front_matter_without_notes():
    assert parse_front_matter("---\ntitle: x\n---", "x.md")[1:] == ("", 4)


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("Notes", "front.missing"),
        ("+++\n+++", "front.missing"),
        ("---\ntitle: x\n", "front.open"),
        ("", "front.missing"),
    ],
)
def test_missing_front_matter_is_reported(source, code):
    with pytest.raises(InvalidInput) as caught:
        parse_front_matter(source, "x.md")
    assert [problem.code for problem in caught.value.problems] == [code]


def test_invalid_utf8_is_reported_with_line_and_column():
    with pytest.raises(InvalidInput) as caught:
        decode_source("a\nbü".encode() + b"\xe9", "x.md")
    assert [str(problem.location) for problem in caught.value.problems] == ["x.md:2:3"]


def test_too_large_file_is_rejected():
    with pytest.raises(InvalidInput) as caught:
        decode_source(b"x" * (MAX_SOURCE_BYTES + 1), "x.md")
    assert [problem.code for problem in caught.value.problems] == ["file.long"]


@given(st.text(alphabet=st.sampled_from("ab:-[]{}#&*!|>'\"%@`,?\n\t \\\x00é\u2028~0"), max_size=60))
@example("a: |\n  b\n c")
@example("{a: b, }")
@example("0\u2028\u20280:")
def test_any_text_is_a_table_or_invalid_input(source):
    problems = []
    try:
        assert isinstance(parse(source), Table)
    except InvalidInput as error:
        problems = error.problems
    assert all(problem.location.line >= 1 for problem in problems)


def test_endless_brackets_are_rejected():
    with pytest.raises(InvalidInput):
        parse("a: " + "[" * 100_000)


def test_suggestion_ignores_case():
    assert suggest_name("TITEL", {"title", "date"}) == "did you mean 'title'?"


WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x85\u2028\u2029"), max_size=8)
NESTED = st.recursive(
    WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)


def plain_value(value):
    if isinstance(value.content, dict):
        return {key: plain_value(inner) for key, inner in value.content.items()}
    return [plain_value(inner) for inner in value.content] if isinstance(value.content, list) else value.content


@given(st.dictionaries(WORDS, NESTED, max_size=4), st.booleans())
def test_tables_equal_what_pyyaml_reads(data, flow):
    source = yaml.safe_dump(data, default_flow_style=flow, allow_unicode=True)
    table = parse(source)
    assert {key: plain_value(value) for key, value in table.entries.items()} == yaml.load(source, yaml.BaseLoader)


def test_lines_are_counted_as_in_editors():
    assert problems_of("a: x\u2028y\u0085z\nb: @") == ["2:4 yaml.syntax"]
