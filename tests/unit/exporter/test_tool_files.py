"""What Hugo and Podlove read: TOML, PHP's serialized arrays, XML and shortcodes of any text."""

import gzip
import html
import tomllib
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podcast_kit import builder, exporter
from podcast_kit.exporter import ExportFormat, ExportOptions, hugo, podlove
from podcast_kit.importer.tools.php_serialized import parse_php_value
from podcast_kit.source import project
from tests.support import shows

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))


@given(TEXTS)
def test_any_text_is_read_back_from_toml(text):
    assert tomllib.loads(f"a = {hugo.toml_text(text)}")["a"] == text


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,9}", fullmatch=True), TEXTS, max_size=4))
def test_any_text_is_read_back_from_a_serialized_array(values):
    assert parse_php_value(podlove.serialize_php(values).encode()) == {
        key: html.escape(value) for key, value in values.items()
    }


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    """A show whose texts have every sign that means something in one of the formats."""
    folder = shows.small(
        tmp_path_factory.mktemp("signs") / "show",
        title="'A <b> & ]]> \"quoted\" {{< x >}} +++'",
        notes="Text with {{< figure src=a >}}, {{% x %}} and ]]> & more.\n\n{{ prompts }}\n\nLast.\n",
        people="[{name: 'Ann & Bo', role: host}, {name: 'Ann & Bo', role: host, url: 'https://a.example/'}]",
    )
    return builder.build(project.load_project(folder), now=NOW)


def test_a_page_of_hugo_has_text_instead_of_shortcodes_and_markers(build):
    files = hugo.render_hugo_site(build).files
    page = files["content/episode/001-talk.md"].decode()
    matter, body = page.removeprefix("+++\n").split("\n+++\n", 1)
    values = tomllib.loads(matter)
    assert values["Title"] == 'A <b> & ]]> "quoted" {{< x >}} +++'
    assert "{{</* figure src=a */>}}, {{%/* x */%}}" in body
    assert "prompts" not in body
    assert values["hosts"] == ["ann-bo", "ann-bo-2"]
    config = tomllib.loads(files["hugo.toml"].decode())
    assert config["params"]["media_prefix"] == "https://pod.example/"
    assert (values["podcast_file"].startswith("media/"), config["params"]["feed"]["explicit"]) == (True, "false")


def test_the_files_for_wordpress_are_well_formed_and_agree(build):
    files = podlove.render_podlove_export(build).files
    posts = ET.fromstring(files[podlove.WORDPRESS_FILE])
    tables = ET.fromstring(gzip.decompress(files[podlove.PODLOVE_FILE]))
    namespace = {"wpe": podlove.PODLOVE_NAMESPACE}
    assert [item.findtext("title") for item in posts.iter("item")] == [
        episode.findtext("wpe:title", namespaces=namespace) for episode in tables.iter(f"{{{namespace['wpe']}}}episode")
    ]
    content = "{http://purl.org/rss/1.0/modules/content/}encoded"
    assert "]]&gt; &amp; more" in next(posts.iter("item")).findtext(content)


def test_the_same_show_gives_the_same_bytes(build):
    assert podlove.render_podlove_export(build) == podlove.render_podlove_export(build)
    assert hugo.render_hugo_site(build) == hugo.render_hugo_site(build)


def test_no_format_but_a_zip_has_what_only_members_get(tmp_path):
    folder = shows.small(tmp_path / "show")
    shows.add(folder, 2, title="Canary of members", audience="members")
    shows.add(folder, 3, title="Canary of early members", date="2030-01-01 08:00", members_from="2026-01-01 08:00")
    shows.add(folder, 4, title="Canary of drafted members", audience="members", draft="true")
    build = builder.build(project.load_project(folder), now=NOW)
    for export_format in (ExportFormat.RSS, ExportFormat.CASTOPOD, ExportFormat.HUGO, ExportFormat.PODLOVE):
        output = tmp_path / export_format
        result = exporter.export_build(build, export_format, output, ExportOptions(members=True))
        assert result.episodes == ("001-talk",)
        files = [output] if output.is_file() else [path for path in output.rglob("*") if path.is_file()]
        for path in files:
            data = path.read_bytes()
            assert b"Canary" not in (gzip.decompress(data) if path.suffix == ".gz" else data), path
        assert {"episodes/002-talk.md", "episodes/003-talk.md"} <= {entry.path for entry in result.left_out}
    site = exporter.export_build(build, ExportFormat.HUGO, tmp_path / "drafts", ExportOptions(drafts=True))
    assert not list((site.path / "content/episode").glob("00[24]*"))
