from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podcast_kit.errors import InvalidInput, OperationError
from podcast_kit.model import LocalFile
from podcast_kit.source import project, scaffold
from podcast_kit.source.yaml import parse_front_matter, parse_yaml_table

words = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=30)


@given(
    words
    | st.uuids().map(str)
    | st.emails()
    | st.from_regex(r"https?://[a-z0-9]{1,9}(\.[a-z]{2,5}){1,2}(:[0-9]{2})?/[ -~]{0,9}", fullmatch=True)
)
def test_any_text_as_yaml_scalar_is_read_back(text):
    assert parse_yaml_table(f"key: {scaffold.yaml_scalar(text)}  # comment\n", "x").optional("key", str, "") == text


def test_new_show_loads_without_warnings(tmp_path):
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
    loaded = project.load_project(tmp_path)
    show = loaded.show
    assert (show.title, show.author, show.owner_email) == ("A show: #1", 'Ann "A" Lee', "a@b.example")
    assert (show.publish.to, show.listen[0].value, loaded.warnings) == ("s3://b/p", "1000000001", ())


def test_comments_of_a_new_show_are_aligned():
    text = scaffold.NewShow(
        title="x",
        description="x",
        author="x",
        url="https://pod.example/",
        guid="917393e3-1b1e-5cef-ace4-edaa54e1f810",
        timezone="America/Argentina/Buenos_Aires",
        to="public",
    ).render()
    commented = [line for line in text.splitlines() if "  # " in line.strip()]
    assert {line.rindex("  # ") for line in commented} == {scaffold.COMMENT_COLUMN}


def test_minimal_new_show_loads(tmp_path):
    text = scaffold.NewShow(
        title="x", description="x", author="x", url="https://pod.example/", guid="917393e3-1b1e-5cef-ace4-edaa54e1f810"
    ).render()
    (tmp_path / "podcast.yaml").write_text(text, "utf-8")
    assert project.load_project(tmp_path).show.listen == ()


def test_new_episode_loads(tmp_path):
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
    assert (episode.audio, episode.number, episode.season) == (LocalFile("episodes/one.mp3"), 1, 2)
    assert episode.summary == "#1"


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
def test_written_guid_changes_one_line_and_no_other_byte(tmp_path, before, after):
    path = tmp_path / "one.md"
    path.write_bytes(before)
    path.chmod(0o640)
    scaffold.write_guid(path.parent, path.name, "g")
    assert path.read_bytes() == after
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]


@given(
    st.lists(
        st.sampled_from(["title: x", "# c", "tags: [a]", "", "guid:", "summary: |", "  text", "x-a: {b: c}"]),
        max_size=6,
    )
)
def test_writing_the_guid_changes_no_other_key(tmp_path_factory, lines):
    path = tmp_path_factory.mktemp("guid") / "one.md"
    path.write_text("\n".join(["---", *lines, "---", "Notes"]))
    try:
        before = parse_front_matter(path.read_text(), "x")[0].entries.keys() - {"guid"}
        scaffold.write_guid(path.parent, path.name, "g:1")
    except InvalidInput:
        return
    table, body, _ = parse_front_matter(path.read_text(), "x")
    assert table.optional("guid", str, "") == "g:1"
    assert (table.entries.keys() - {"guid"}, body) == (before, "Notes")


@pytest.mark.parametrize("content", ["---\nguid: old\n---\n", "no front matter", "---\n{title: x}\n---\n"])
def test_file_is_unchanged_where_the_guid_cannot_be_written(tmp_path, content):
    path = tmp_path / "one.md"
    path.write_text(content)
    with pytest.raises(InvalidInput):
        scaffold.write_guid(path.parent, path.name, "g")
    assert path.read_text() == content


def test_writing_the_guid_into_a_missing_file_fails(tmp_path):
    with pytest.raises(OperationError):
        scaffold.write_guid(tmp_path, "gone.md", "g")
