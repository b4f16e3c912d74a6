import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from podcast_kit.errors import InvalidInput, Severity
from podcast_kit.problem_codes import PROBLEM_CODES
from podcast_kit.source.yaml import converters
from podcast_kit.source.yaml import MAX_SOURCE_BYTES, ForeignKey, Table, decode_source, parse_front_matter, suggest_name, parse_yaml_table


def table(source):
    return parse_yaml_table(source, "x.yaml")


def told(source, read=lambda table: table.close()):
    """Each problem as `line:column code text`."""
    try:
        found = table(source)
        read(found)
        problems = found.problems
    except InvalidInput as error:
        problems = error.problems
    return [f"{one.location.line}:{one.location.column} {one.code}" for one in problems]


@pytest.mark.parametrize(
    "raw", ["12:34", "010", "no", "404", "Null", "1.10", "2026-13-01", "1_000", "0x1F", "~", "=", ".inf"]
)
def test_every_scalar_stays_the_text_that_was_written(raw):
    assert table(f"key: {raw}").optional("key", str, "") == raw


@pytest.mark.parametrize("empty", ["key:", "key: # nothing yet", "key:   \nother: x"])
def test_a_key_without_a_value_counts_as_left_out(empty):
    assert table(empty).optional("key", str, "default") == "default"


def test_an_empty_string_in_quotes_is_a_value():
    assert table('key: ""').optional("key", str, "default") == ""


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
def test_what_cannot_be_read_is_told_with_its_place(source, expected):
    assert told(source) == [expected]


@pytest.mark.parametrize("source", ["title: A: B", "title: @x", "title: *x", "title: &x", "title: !x", "title: %x"])
def test_a_value_that_yaml_misreads_is_mended_by_quotes(source):
    with pytest.raises(InvalidInput) as caught:
        table(source)
    assert [problem.fix for problem in caught.value.problems] == ["put the value in quotes"]


def test_a_second_equal_key_is_a_fault_and_reading_goes_on():
    assert told("a: 1\nb: 2\na: 3\nc: 4", lambda found: [found.take(key, str, "") for key in "abc"]) == [
        "3:1 key.twice"
    ]


def test_an_unknown_key_names_the_nearest_known():
    found = table("explict: no\nx-mine: 1")
    found.optional("explicit", converters.to_flag, default=False)
    found.optional("title", str, "")
    found.finish()
    assert [(one.text, one.fix) for one in found.problems] == [("unknown key 'explict'", "did you mean 'explicit'?")]


def test_another_tools_key_says_what_is_written_here():
    found = table("Podcast_File: a.mp3")
    found.finish({"podcast_file": ForeignKey("is another tool's key", "write 'audio' instead", "key.renamed")})
    assert [(one.code, one.fix) for one in found.problems] == [("key.renamed", "write 'audio' instead")]


def test_two_names_of_one_key_are_a_fault():
    assert told("number: 1\nepisode: 2", lambda found: found.take("number", str, "", also=("episode",))) == [
        "2:1 key.both"
    ]


def test_a_list_where_one_value_is_meant_is_a_fault():
    assert told("title: [a, b]", lambda found: found.take("title", str, "")) == ["1:1 value.single"]


def test_a_lone_value_is_a_list_of_one():
    assert table("tags: a").list_of("tags", str) == ("a",)


def test_a_nested_table_tells_its_faults_at_their_own_lines():
    found = table("chapters:\n  - {start: 1}\n  - start: 2\n    titel: x\n")
    for inner in found.tables("chapters", "this chapter"):
        inner.required("start", str, "")
        inner.required("title", str, "")
        inner.finish()
    assert [f"{one.location.line}:{one.location.column} {one.text}" for one in found.problems] == [
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
def test_a_number_sign_that_yaml_would_drop_in_silence_is_warned_of(source, dropped):
    found = table(source)
    assert [one.code for one in found.problems if one.severity is Severity.WARNING] == ["yaml.comment"] * dropped


@pytest.mark.parametrize("fence", ["---", "---  ", "---\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_front_matter_survives_any_editor(bom, ending, fence):
    source = decode_source((bom + ending.join([fence, "title: x", fence, "Notes", "more"])).encode(), "x.md")
    found, body, line = parse_front_matter(source, "x.md")
    assert (found.optional("title", str, ""), body, line) == ("x", "Notes\nmore", 4)


def test_front_matter_may_be_all_there_is():
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
def test_front_matter_that_is_not_there_is_told(source, code):
    with pytest.raises(InvalidInput) as caught:
        parse_front_matter(source, "x.md")
    assert [problem.code for problem in caught.value.problems] == [code]


def test_what_is_not_utf8_is_told_with_line_and_column():
    with pytest.raises(InvalidInput) as caught:
        decode_source("a\nbü".encode() + b"\xe9", "x.md")
    assert [str(problem.location) for problem in caught.value.problems] == ["x.md:2:3"]


def test_a_file_is_read_only_up_to_a_bound():
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
        assert isinstance(table(source), Table)
    except InvalidInput as error:
        problems = error.problems
    assert {problem.code for problem in problems} <= PROBLEM_CODES.keys()
    assert all(problem.location.line >= 1 for problem in problems)


def test_brackets_without_end_are_refused_quickly():
    with pytest.raises(InvalidInput):
        table("a: " + "[" * 100_000)


def test_nearest_knows_the_word_whatever_its_case():
    assert suggest_name("TITEL", {"title", "date"}) == "did you mean 'title'?"


WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x85\u2028\u2029"), max_size=8)
NESTED = st.recursive(
    WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)


def plain(value):
    if isinstance(value.content, dict):
        return {key: plain(inner) for key, inner in value.content.items()}
    return [plain(inner) for inner in value.content] if isinstance(value.content, list) else value.content


@given(st.dictionaries(WORDS, NESTED, max_size=4), st.booleans())
def test_pyyaml_reads_the_same_text_from_what_it_wrote(data, flow):
    source = yaml.safe_dump(data, default_flow_style=flow, allow_unicode=True)
    found = table(source)
    assert {key: plain(value) for key, value in found.entries.items()} == yaml.load(source, yaml.BaseLoader)


def test_lines_are_counted_as_editors_show_them():
    assert told("a: x\u2028y\u0085z\nb: @") == ["2:4 yaml.syntax"]
