from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podcast_kit.errors import OperationError, InvalidInput
from podcast_kit.source import project, scaffold
from podcast_kit.source.yaml import parse_front_matter, parse_yaml_table

words = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=30)


@given(
    words
    | st.uuids().map(str)
    | st.emails()
    | st.from_regex(r"https?://[a-z0-9]{1,9}(\.[a-z]{2,5}){1,2}(:[0-9]{2})?/[ -~]{0,9}", fullmatch=True)
)
def test_any_text_is_written_so_that_it_is_read_back(text):
    assert parse_yaml_table(f"key: {scaffold.yaml_scalar(text)}  # comment\n", "x").optional("key", str, "") == text


def test_a_new_show_is_read_back_without_a_remark(tmp_path):
    text = scaffold.NewShow(
        title="A show: #1",
        description="About things.",
        author='Ann "A" Lee',
        url="https://pod.example/",
        guid="917393e3-1b1e-5cef-ace4-edaa54e1f810",
        email="a@b.example",
        timezone="Europe/Berlin",
        categories=["Business > Marketing"],
        to="s3://b/p",
        apple="1000000001",
    ).render()
    (tmp_path / "podcast.yaml").write_text(text, "utf-8")
    found = project.load_project(tmp_path)
    assert (found.show.title, found.show.author, found.show.owner_email) == ("A show: #1", 'Ann "A" Lee', "a@b.example")
    assert (found.show.publish.to, found.show.listen[0].value, found.warnings) == ("s3://b/p", "1000000001", ())


def test_the_comments_of_a_new_show_stand_below_each_other():
    text = scaffold.NewShow(
        title="x",
        description="x",
        author="x",
        url="https://pod.example/",
        guid="917393e3-1b1e-5cef-ace4-edaa54e1f810",
        timezone="America/Argentina/Buenos_Aires",
        to="public",
    ).render()
    said = [line for line in text.splitlines() if "  # " in line.strip()]
    assert {line.rindex("  # ") for line in said} == {scaffold.COMMENT_COLUMN}


def test_the_least_of_a_show_is_read_back(tmp_path):
    text = scaffold.NewShow(
        title="x", description="x", author="x", url="https://pod.example/", guid="917393e3-1b1e-5cef-ace4-edaa54e1f810"
    ).render()
    (tmp_path / "podcast.yaml").write_text(text, "utf-8")
    assert project.load_project(tmp_path).show.listen == ()


def test_a_new_episode_is_read_back(tmp_path):
    (tmp_path / "episodes").mkdir()
    (tmp_path / "podcast.yaml").write_text(
        scaffold.NewShow(
            title="x",
            description="x",
            author="x",
            url="https://pod.example/",
            guid="917393e3-1b1e-5cef-ace4-edaa54e1f810",
        ).render()
    )
    when = datetime(2026, 11, 15, 8, tzinfo=ZoneInfo("Europe/Berlin"))
    (tmp_path / "episodes/one.md").write_text(
        scaffold.render_episode_file(
            title="yes: no", guid="g:1", date=when, audio="one.mp3", number=1, season=2, summary="#1", draft=True
        )
    )
    (episode,) = project.load_project(tmp_path).episodes
    assert (episode.title, episode.guid, episode.date, episode.draft) == ("yes: no", "g:1", when, True)
    assert (episode.audio, episode.number, episode.season, episode.summary) == ("episodes/one.mp3", 1, 2, "#1")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(b"---\ntitle: x\n---\nN", b"---\nguid: g\ntitle: x\n---\nN", id="plain"),
        pytest.param(
            b"\xef\xbb\xbf---\r\ntitle: x\r\n---\r\nN\r\n",
            b"\xef\xbb\xbf---\r\nguid: g\r\ntitle: x\r\n---\r\nN\r\n",
            id="windows",
        ),
        pytest.param(b"---\rtitle: x\r---\rN", b"---\rguid: g\rtitle: x\r---\rN", id="old mac"),
        pytest.param(
            b"---\ntitle: x\nguid:   # later\n---\n",
            b"---\ntitle: x\nguid: g # later\n---\n",
            id="an empty line for it",
        ),
        pytest.param(b"---\ntitle: x\nguid:\n---\n", b"---\ntitle: x\nguid: g\n---\n", id="an empty key"),
    ],
)
def test_a_minted_guid_changes_one_line_and_no_other_byte(tmp_path, before, after):
    path = tmp_path / "one.md"
    path.write_bytes(before)
    path.chmod(0o640)
    scaffold.write_guid(path, "g")
    assert path.read_bytes() == after
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]


@given(
    st.lists(
        st.sampled_from(["title: x", "# c", "tags: [a]", "", "guid:", "summary: |", "  text", "x-a: {b: c}"]),
        max_size=6,
    )
)
def test_minting_adds_exactly_the_guid(tmp_path_factory, lines):
    path = tmp_path_factory.mktemp("mint") / "one.md"
    path.write_text("\n".join(["---", *lines, "---", "Notes"]))
    try:
        before = parse_front_matter(path.read_text(), "x")[0].entries.keys() - {"guid"}
        scaffold.write_guid(path, "g:1")
    except InvalidInput:
        return
    table, body, _ = parse_front_matter(path.read_text(), "x")
    assert table.optional("guid", str, "") == "g:1"
    assert (table.entries.keys() - {"guid"}, body) == (before, "Notes")


@pytest.mark.parametrize("content", ["---\nguid: old\n---\n", "no front matter", "---\n{title: x}\n---\n"])
def test_where_a_guid_cannot_go_nothing_is_touched(tmp_path, content):
    path = tmp_path / "one.md"
    path.write_text(content)
    with pytest.raises(InvalidInput):
        scaffold.write_guid(path, "g")
    assert path.read_text() == content


def test_minting_into_no_file_fails_in_words(tmp_path):
    with pytest.raises(OperationError):
        scaffold.write_guid(tmp_path / "gone.md", "g")
