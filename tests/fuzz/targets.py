"""Every parser of foreign bytes as a function of bytes, with its limit and the pieces that its syntax is made of."""

import tempfile
import tomllib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from podcast_kit import audio, images, importer
from podcast_kit.check.file_check import check_feed, check_file
from podcast_kit.errors import PodcastKitError
from podcast_kit.feed.fetch import parse_feed_bytes
from podcast_kit.importer import tools
from podcast_kit.importer.tools.php_serialized import parse_php_value
from podcast_kit.importer.tools.template_tags import clean_hugo, clean_liquid, clean_wordpress
from podcast_kit.limits import MAX_NOTES_BYTES
from podcast_kit.site.svg import check_svg
from podcast_kit.source import lock, transcripts
from podcast_kit.source.chapters import files as chapter_files
from podcast_kit.source.chapters import find_chapter_list
from podcast_kit.source.chapters.note_chapters import chapters_from_notes
from podcast_kit.source.episode import EpisodeFileContext, parse_episode
from podcast_kit.source.notes import find_local_images, html_to_plain_text, render_notes, truncate_html
from podcast_kit.source.notes.foreign_markdown import render_foreign_markdown
from podcast_kit.source.notes.from_html import MAX_HTML_LEN, html_to_markdown, html_to_text_lines
from podcast_kit.source.notes.lint import lint_notes
from podcast_kit.source.notes.sanitize import sanitize_feed_html, sanitize_page_html, sanitize_transcript_html
from podcast_kit.source.paths import ShowFolder
from podcast_kit.source.show import show_from_table
from podcast_kit.source.yaml import decode_source, parse_yaml_table

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
MAX_BYTES = 1_000_000
"""Of one input, unless the parser's own limit is lower."""
RSS = b'<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"><channel><title>T</title>'
ITEM = b'<item><title>A</title><guid>a</guid><enclosure url="https://pod.example/a.mp3" length="1"/><description>'
FRONT_MATTER = b"---\ntitle: Talk\ndate: 2026-11-22 08:00\n---\n"


@dataclass(frozen=True)
class Target:
    """A parser: what it does with some bytes, and what hostile bytes begin with, repeat and end with."""

    parse: Callable[[bytes], object]
    pieces: tuple[str | bytes, ...]
    heads: tuple[bytes, ...] = (b"",)
    tails: tuple[bytes, ...] = (b"",)
    max_bytes: int = MAX_BYTES


def parse_as_file(name: str, *functions: Callable[[Path], object]) -> Callable[[bytes], None]:
    """A target of functions that read a file."""

    def parse(data: bytes) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, name)
            path.write_bytes(data)
            for function in functions:
                with suppress(PodcastKitError):
                    function(path)

    return parse


def parse_yaml(data: bytes) -> None:
    table = parse_yaml_table(decode_source(data, "podcast.yaml"), "podcast.yaml")
    with tempfile.TemporaryDirectory() as folder:
        show_from_table(table, ShowFolder(Path(folder).resolve()))


def parse_notes_file(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        context = EpisodeFileContext(ShowFolder(Path(folder).resolve()), "episodes/a.md", {})
        problems = []
        parse_episode(data, context, problems)
        if problems:
            raise_first(problems)


def raise_first(problems) -> None:
    """The notes of an episode with errors are not rendered."""
    if any(problem.severity == "error" for problem in problems):
        raise PodcastKitError(problems[0].text)


def parse_notes(data: bytes) -> None:
    markdown = data.decode("utf-8", "replace")
    lint_notes(markdown, lambda _: False)
    find_local_images(markdown)
    find_chapter_list(markdown)
    chapters_from_notes(markdown, path="a.md", first_line=1, duration_ms=3_600_000)
    notes = render_notes(markdown, page_url="https://pod.example/a/", duration_ms=3_600_000)
    truncate_html(notes.before.feed_html, 4_000)
    html_to_plain_text(notes.before.feed_html)


def parse_html(data: bytes) -> None:
    html = data.decode("utf-8", "replace")
    for function in (sanitize_page_html, sanitize_feed_html, sanitize_transcript_html, html_to_plain_text):
        function(html)
    truncate_html(html, 4_000)
    html_to_text_lines(html)


def parse_imported_html(data: bytes) -> None:
    html_to_markdown(data.decode("utf-8", "replace"), "https://pod.example/")


def escape_xml(data: bytes) -> bytes:
    text = data.decode("utf-8", "replace")
    return text.replace("&", "&amp;").replace("<", "&lt;").encode()


def parse_description(data: bytes) -> None:
    """HTML where a feed has it: every rule on it, and the import of it."""
    feed = RSS + ITEM + escape_xml(data) + b"</description></item></channel></rss>"
    check_feed(feed, "feed.xml", now=NOW)


def import_description(data: bytes) -> None:
    feed = RSS + ITEM + escape_xml(data) + b"</description></item></channel></rss>"
    importer.convert_feed(parse_feed_bytes(feed, "feed.xml"))


def parse_site(files: dict[str, bytes], name: str) -> Callable[[bytes], None]:
    """A target of a site of another tool: the input is one of its files."""

    def parse(data: bytes) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for path, content in {**files, name: data}.items():
                Path(folder, path).parent.mkdir(parents=True, exist_ok=True)
                Path(folder, path).write_bytes(content)
            import_tool(folder)

    return parse


def import_tool(source: str) -> None:
    with tools.open_source_folder(source) as origin:
        show = tools.read_tool_source(origin, NOW)
        if show:
            tools.convert_tool_show(show, None, NOW, tools.GuidChoice.NEW, origin)


def parse_template_tags(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    for cleaned in (clean_liquid(text, {"page.title": "A"}), clean_hugo(text, str), clean_wordpress(text)):
        render_foreign_markdown(cleaned.text)


def check_bytes(name: str) -> Callable[[bytes], None]:
    return parse_as_file(name, lambda path: check_file(path, now=NOW))


def parse_feed(data: bytes) -> None:
    check_feed(data, "feed.xml", now=NOW)
    importer.convert_feed(parse_feed_bytes(data, "feed.xml"))


def parse_chapters(name: str) -> Callable[[bytes], None]:
    return lambda data: chapter_files.parse_chapters(data, name)


def parse_transcript(name: str) -> Callable[[bytes], None]:
    def parse(data: bytes) -> None:
        cues = transcripts.read_transcript(data, name).cues
        for render in (transcripts.render_vtt, transcripts.render_srt, transcripts.render_transcript_json):
            render(cues)

    return parse


with Path(__file__).with_name("pieces.toml").open("rb") as file:
    PIECES = tomllib.load(file)
MARKDOWN, HTML, JSON, YAML, XML = (tuple(PIECES[name]) for name in ("markdown", "html", "json", "yaml", "xml"))
CHAPTER_TEXT, VTT, CSS = (tuple(PIECES[name]) for name in ("chapter_text", "vtt", "css"))
TEMPLATE, TOML, PHP = (tuple(PIECES[name]) for name in ("template", "toml", "php"))
HUGO = {
    "hugo.toml": b'baseURL = "https://a.example/"\n[params]\nmedia_prefix = "https://m.example/"\n',
    "content/host/b.md": b"+++\ntitle = 'B'\n+++\n",
}
HUGO_HEAD = b'+++\ntitle = "A"\ndate = 2026-01-01\npodcast_file = "a.mp3"\n'
JEKYLL = {"_config.yml": b"title: A\nurl: https://a.example\nplugins: [jekyll-octopod]\n"}
ELEVENTY = {"_data/podcast.json": b'{"title": "A", "siteUrl": "https://a.example"}'}
EPISODE_HEAD = b"---\ntitle: A\naudio: {mp3: a.mp3}\nepisode: {filename: a.mp3, episodeNumber: 1}\n"
PG_CONFIG = b'<?php\n$podcastgen_version = "3";\n$url = "https://a.example/";\n'
PG_HEAD = b"<PodcastGenerator><episode><titlePG>"
PG_EPISODE = {"media/a.mp3": b"a", "media/a.xml": PG_HEAD + b"</titlePG></episode></PodcastGenerator>"}
WXR_HEAD = b'<rss xmlns:wp="http://wordpress.org/export/1.2/" xmlns:content="http://purl.org/rss/1.0/modules/content/">'
WXR_ITEM = (
    WXR_HEAD + b"<channel><item><title>A</title><guid>a</guid><wp:post_type>post</wp:post_type><wp:postmeta>"
    b"<wp:meta_key>enclosure</wp:meta_key><wp:meta_value>https://a.example/a.mp3\n1\naudio/mpeg\n"
)
WXR_CONTENT = WXR_ITEM + b"</wp:meta_value></wp:postmeta><content:encoded><![CDATA["
PODLOVE_HEAD = b'<wpe:export xmlns:wpe="urn:a">'
PODLOVE_OPTION = PODLOVE_HEAD + b"<wpe:options><wpe:podlove_podcast>"
BINARY = tuple(bytes.fromhex(digits) for digits in PIECES["binary"])
ID3_HEAD = b"ID3\x04\x00\x00\x00\x3d\x09\x00"
PNG_HEAD = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x10\x00\x00\x00\x10\x00\x08\x02\x00\x00\x00\x21\x96\x85\xd2"
JPEG_HEAD = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
GIF_HEAD = b"GIF89a\x10\x00\x10\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff"
SAMPLES = Path(__file__).parents[1] / "sounds"


def audio_target(name: str, *heads: bytes) -> Target:
    parse = parse_as_file(name, audio.inspect_audio, audio.probe_audio, audio.read_tags)
    return Target(parse, BINARY, heads)


def image_target(*heads: bytes) -> Target:
    return Target(parse_as_file("cover", images.probe_image), BINARY, heads)


SVG_HEAD = b'<svg xmlns="http://www.w3.org/2000/svg">'
TARGETS: dict[str, Target] = {
    "podcast.yaml": Target(
        parse_yaml, YAML, (b"", b"title: ", b"[", b"a: &a [a]\nb: ", b"title: |\n  a\nlisten:\n"), (b"", b"\n", b"]")
    ),
    "front matter": Target(
        parse_notes_file, YAML, (b"---\n", b"---\ntitle: ", b"---\nchapters:\n"), (b"\n---\nNotes.\n", b"")
    ),
    "podcast.lock": Target(lock.parse_lock, YAML, (b"version: 1\nepisodes:\n", b"")),
    "notes": Target(
        parse_notes,
        MARKDOWN,
        (b"", b"a", b"0:00 a\n0:01 b\n", b"[^a]"),
        (b"", b"a", b"\n", b"]", b")"),
        MAX_NOTES_BYTES,
    ),
    "episode file": Target(parse_notes_file, MARKDOWN, (FRONT_MATTER,), max_bytes=MAX_NOTES_BYTES),
    "html": Target(parse_html, HTML, (b"", b"<p>", b'<a href="'), (b"", b">", b"<")),
    "imported html": Target(parse_imported_html, HTML, (b"", b"<p>", b"<a href=x>"), (b"", b">"), MAX_HTML_LEN),
    "description": Target(parse_description, HTML, (b"", b"<p>", b'<a href="'), (b"", b">")),
    "imported description": Target(import_description, HTML, (b"", b"<p>"), (b"",), MAX_HTML_LEN),
    "feed": Target(
        parse_feed, XML, (b"", RSS, RSS + b"<item>", RSS + ITEM, b"<rss", b"<!DOCTYPE a [", b"<?xml version='1.0'?>")
    ),
    "serialized PHP": Target(parse_php_value, PHP, (b"", b"a:9:{", b's:9:"')),
    "template tags": Target(
        parse_template_tags, TEMPLATE, (b"", b"{% comment %}", b"{% raw %}"), max_bytes=MAX_NOTES_BYTES
    ),
    "Hugo settings": Target(
        parse_site({**HUGO, "content/episode/a.md": HUGO_HEAD + b"+++\n"}, "config/_default/params.toml"),
        TOML,
        (b"", b"a=", b"[feed]\n"),
        max_bytes=100_000,
    ),
    "Hugo page": Target(
        parse_site(HUGO, "content/episode/a.md"),
        (*TOML, *YAML),
        (HUGO_HEAD, b"---\npodcast_file: a\n"),
        (b"\n+++\nA", b"\n---\nA"),
        100_000,
    ),
    "Hugo notes": Target(
        parse_site(HUGO, "content/episode/a.md"),
        (*TEMPLATE, *MARKDOWN),
        (HUGO_HEAD + b"+++\n",),
        max_bytes=MAX_NOTES_BYTES,
    ),
    "Jekyll page": Target(
        parse_site(JEKYLL, "_posts/2026-01-01-a.md"),
        (*YAML, *TEMPLATE),
        (EPISODE_HEAD, EPISODE_HEAD + b"---\n"),
        (b"\n---\nA",),
    ),
    "Jekyll settings": Target(
        parse_site({"_posts/2026-01-01-a.md": EPISODE_HEAD + b"---\n"}, "_config.yml"), YAML, (b"octopod: a\n",)
    ),
    "Eleventy page": Target(
        parse_site(ELEVENTY, "episode-posts/a.md"),
        (*YAML, *TEMPLATE),
        (EPISODE_HEAD, EPISODE_HEAD + b"---\n"),
        (b"\n---\nA",),
    ),
    "Eleventy data": Target(
        parse_site({"episode-posts/a.md": EPISODE_HEAD + b"---\n"}, "_data/podcast.json"),
        JSON,
        (b"", b'{"owner":', b'{"title":"'),
    ),
    "Podcast Generator settings": Target(
        parse_site(PG_EPISODE, "config.php"), (*PHP, "$a = ", '$url = "', "\n$"), (PG_CONFIG,)
    ),
    "Podcast Generator episode": Target(
        parse_site({"config.php": PG_CONFIG, "media/a.mp3": b"a"}, "media/a.xml"),
        XML,
        (PG_HEAD, b"<PodcastGenerator><episode><customTagsPG><![CDATA["),
        (b"", b"]]></customTagsPG></episode></PodcastGenerator>"),
    ),
    "dropcaster channel": Target(parse_site({}, "channel.yml"), YAML, (b":title: a\n", b":categories:\n")),
    "WordPress export": Target(parse_site({}, "a.xml"), (*XML, *PHP), (WXR_HEAD, WXR_ITEM)),
    "WordPress post": Target(
        parse_site({}, "a.xml"),
        (*TEMPLATE, *HTML),
        (WXR_CONTENT,),
        (b"]]></content:encoded></item></channel></rss>",),
        MAX_HTML_LEN,
    ),
    "Podlove export": Target(
        parse_site({}, "a.xml"),
        (*XML, *PHP),
        (PODLOVE_HEAD, PODLOVE_OPTION),
        (b"", b"</wpe:podlove_podcast></wpe:options></wpe:export>"),
    ),
    "chapters.json": Target(parse_chapters("chapters.json"), JSON, (b"", b'{"version":"1.2.0","chapters":[', b"[")),
    "chapters.psc": Target(
        parse_chapters("chapters.psc"),
        XML,
        (b"", b"<psc:chapters>", b'<psc:chapters><psc:chapter start="0" title="', b"<!DOCTYPE a ["),
    ),
    "chapters.txt": Target(
        parse_chapters("chapters.txt"),
        CHAPTER_TEXT,
        (
            b"",
            b"00:00:00.000 a\n",
            b"0\t0\ta\n",
            b";FFMETADATA1\n[CHAPTER]\n",
            b"CHAPTER01=00:00:00.000\n",
            b"WEBVTT\n\n",
            b"#",
        ),
    ),
    "checked chapters.json": Target(check_bytes("chapters.json"), JSON, (b"", b'{"version":"1.2.0","chapters":[')),
    "transcript.vtt": Target(
        parse_transcript("a.vtt"), VTT, (b"WEBVTT\n\n", b"WEBVTT\n\n00:00.000 --> 00:01.000\n", b"", b"WEBVTT")
    ),
    "transcript.srt": Target(parse_transcript("a.srt"), VTT, (b"", b"1\n00:00:00,000 --> 00:00:01,000\n", b"1\n")),
    "transcript.json": Target(
        parse_transcript("a.json"),
        JSON,
        (b"", b'{"version":"1.0.0","segments":[', b"[", b'{"results":{"items":[', b'{"words":['),
    ),
    "transcript.html": Target(parse_transcript("a.html"), HTML, (b"", b"<cite>A:</cite><time>0:00</time><p>")),
    "transcript.txt": Target(
        parse_transcript("a.txt"), (*VTT, *CHAPTER_TEXT), (b"", b"A: ", b"00:00 A\n", b"[00:00:00]")
    ),
    "checked transcript.vtt": Target(
        check_bytes("a.vtt"), VTT, (b"WEBVTT\n\n", b"WEBVTT\n\n00:00.000 --> 00:01.000\n")
    ),
    "checked transcript.srt": Target(check_bytes("a.srt"), VTT, (b"", b"1\n00:00:00,000 --> 00:00:01,000\n")),
    "checked text": Target(check_bytes("a.txt"), (*VTT, *CHAPTER_TEXT), (b"", b"00:00:00.000 a\n")),
    "checked transcript.html": Target(check_bytes("a.html"), HTML, (b"",)),
    "checked feed.opml": Target(check_bytes("feed.opml"), XML, (b"", b"<opml><body>")),
    "svg": Target(
        lambda data: check_svg(data, "a.svg"), XML, (b"", SVG_HEAD, SVG_HEAD + b"<g>", b"<!DOCTYPE svg [<!ENTITY a '")
    ),
    "svg style": Target(
        lambda data: check_svg(data, "a.svg"),
        CSS,
        (SVG_HEAD + b'<g style="', SVG_HEAD + b'<g fill="', SVG_HEAD + b"<style>", SVG_HEAD + b"<style>a{"),
        (b'"/></svg>', b"'\"/></svg>", b"</style></svg>"),
    ),
    "mp3": audio_target("a.mp3", b"", ID3_HEAD, ID3_HEAD + b"CHAP\x00\x00\x10\x00\x00\x00", b"\xff\xfb\x90\x00"),
    "m4a": audio_target(
        "a.m4a",
        b"\x00\x00\x00\x14ftypM4A \x00\x00\x00\x00M4A ",
        b"\x00\x00\x00\x14ftypM4A \x00\x00\x00\x00M4A \x00\x0f\x00\x00moov",
    ),
    "aac": audio_target("a.aac", b"\xff\xf1P\x80\x02\x1f\xfc", b""),
    "ogg": audio_target("a.ogg", b"OggS\x00\x02" + bytes(20) + b"\x01\x1e\x01vorbis", b"OggS"),
    "opus": audio_target("a.opus", b"OggS\x00\x02" + bytes(20) + b"\x01\x13OpusHead\x01\x02", b""),
    "flac": audio_target("a.flac", b"fLaC\x00\x00\x00\x22" + bytes(34), b"fLaC", b"fLaC\x84\x0f\x00\x00"),
    "wav": audio_target(
        "a.wav",
        b"RIFF\xff\xff\x0f\x00WAVE",
        b"RIFF\xff\xff\x0f\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x44\xac\x00\x00\x88\x58\x01\x00\x02\x00\x10\x00",
    ),
    "aiff": audio_target("a.aiff", b"FORM\x00\x0f\xff\xffAIFF", b"FORM\x00\x0f\xff\xffAIFFCOMM\x00\x00\x00\x12"),
    "image": image_target(b"", PNG_HEAD, JPEG_HEAD, GIF_HEAD, b"RIFF\xff\xff\x0f\x00WEBPVP8X"),
}
