"""Every field is read back by at least two programs that share no code with the writer."""

import json
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from podcast_kit.audio import write_tags
from podcast_kit.audio.tag_text import sort_title
from tests.support.audio_samples import CHAPTERS, JPEG, make_tags, sample

NODE = Path(__file__).parents[1] / "node"
TAGS = make_tags()
SORT = sort_title(TAGS)
LISTED = [mark for mark in CHAPTERS if mark.toc]
MP3, MP4, OGG = "ID3", "MP4", "Vorbis"
FILES = {"cbr.mp3": MP3, "aac.m4a": MP4, "alac.m4a": MP4, "speech.opus": OGG, "speech.ogg": OGG, "speech.flac": OGG}

# Field, what it says, and the name that each reader gives it: ffprobe, kid3 (TagLib), exiftool, mediainfo,
# music-metadata. "" where a reader does not show it, or shows it cut or rewritten.
READERS = ("ffprobe", "kid3", "exiftool", "mediainfo", "music-metadata")
FIELDS = {
    MP3: [
        (TAGS.title, "title", "Title", "Title", "Title", "TIT2"),
        (SORT, "title-sort", "Sort Name", "TitleSortOrder", "Track_Sort", "TSOT"),
        (TAGS.author, "artist", "Artist", "Artist", "Performer", "TPE1"),
        (TAGS.show, "album", "Album", "Album", "Album", "TALB"),
        (TAGS.show, "album_artist", "Album Artist", "Band", "Album_Performer", "TPE2"),
        ("7", "track", "Track Number", "Track", "Track_Position", "TRCK"),
        ("2", "disc", "Disc Number", "PartOfSet", "Part_Position", "TPOS"),
        ("Podcast", "genre", "Genre", "Genre", "Genre", "TCON"),
        ("2026-03-01 00:05", "date", "", "", "Recorded_Date", ""),
        ("2026-03-01T00:05", "", "Date", "", "", ""),
        ("2026", "", "", "Year", "", "TYER"),
        ("0103", "", "", "Date", "", "TDAT"),
        ("0005", "", "", "Time", "", "TIME"),
        (TAGS.copyright, "copyright", "Copyright", "Copyright", "Copyright", "TCOP"),
        (TAGS.license_url, "", "Copyright URL", "CopyrightURL", "Copyright_Legal_information", "WCOP"),
        ("eng", "language", "Language", "Language", "", "TLAN"),
        (TAGS.summary, "tit3", "Description", "Subtitle", "Title_More", "TIT3"),
        (TAGS.comment, "comment", "Comment", "Comment", "", "COMM"),
        (TAGS.description, "tdes", "Podcast Description", "PodcastDescription", "", "TDES"),
        (TAGS.transcript, "", "Lyrics", "Lyrics", "", "USLT"),
        (TAGS.link, "", "WWW Audio File", "FileURL", "Official_audio_file_webpage", "WOAF"),
        (TAGS.feed_url, "", "Podcast Feed", "", "", "WFED"),
        (TAGS.guid, "tgid", "Podcast Identifier", "PodcastID", "", "TGID"),
        (TAGS.category, "tcat", "Podcast Category", "PodcastCategory", "PodcastCategory", "TCAT"),
        ("radio, listening", "tkwd", "Podcast Keywords", "PodcastKeywords", "", "TKWD"),
        ("2", "itunesadvisory", "ITUNESADVISORY", "", "ITUNESADVISORY", "TXXX:ITUNESADVISORY"),
        ("image/jpeg", "", "", "PictureMIMEType", "Cover_Mime", "APIC"),
    ],
    MP4: [
        (TAGS.title, "title", "Title", "Title", "Title", "©nam"),
        (SORT, "sort_name", "Sort Name", "SortName", "Title_Sort", "sonm"),
        (TAGS.author, "artist", "Artist", "Artist", "Performer", "©ART"),
        (TAGS.show, "album", "Album", "Album", "Album", "©alb"),
        (TAGS.show, "album_artist", "Album Artist", "AlbumArtist", "Album_Performer", "aART"),
        (TAGS.show, "show", "TV Show Name", "TVShow", "Collection", "tvsh"),
        ("7", "track", "Track Number", "TrackNumber", "Track_Position", ""),
        ("7", "episode_sort", "TV Episode Number", "TVEpisode", "Part", "tves"),
        ("2", "disc", "Disc Number", "DiskNumber", "Part_Position", ""),
        ("2", "season_number", "TV Season", "TVSeason", "Season", "tvsn"),
        ("Podcast", "genre", "Genre", "Genre", "Genre", "©gen"),
        ("2026-02-28T23:05:00Z", "date", "Date", "", "", "©day"),
        (TAGS.copyright, "copyright", "Copyright", "Copyright", "Copyright", "cprt"),
        (TAGS.license_url, "license", "License", "LICENSE", "LICENSE", "----:com.apple.iTunes:LICENSE"),
        ("eng", "language", "Language", "LANGUAGE", "LANGUAGE", "----:com.apple.iTunes:LANGUAGE"),
        (TAGS.summary, "description", "Description", "Description", "Description", "desc"),
        (TAGS.comment, "comment", "Comment", "Comment", "", "©cmt"),
        (TAGS.description, "synopsis", "Long Description", "LongDescription", "", "ldes"),
        (TAGS.transcript, "lyrics", "Lyrics", "Lyrics", "", "©lyr"),
        (TAGS.link, "www", "User-defined URL", "WWW", "WWW", "----:com.apple.iTunes:WWW"),
        (TAGS.feed_url, "", "Podcast URL", "PodcastURL", "PodcastURL", "purl"),
        (TAGS.guid, "", "Podcast GUID", "EpisodeGlobalUniqueID", "EpisodeGlobalUniqueID", "egid"),
        (TAGS.category, "category", "Category", "Category", "Category", "catg"),
        ("radio, listening", "keywords", "Keyword", "Keyword", "Keyword", "keyw"),
        ("1", "podcast", "Podcast", "", "", "pcst"),
        ("21", "media_type", "Media Type", "", "", "stik"),
        ("2", "rating", "Rating/Advisory", "", "", "rtng"),
        ("image/jpeg", "", "", "", "", "covr"),
    ],
    OGG: [
        (TAGS.title, "title", "Title", "Title", "Title", "TITLE"),
        (SORT, "titlesort", "Sort Name", "Titlesort", "TITLESORT", "TITLESORT"),
        (TAGS.author, "artist", "Artist", "Artist", "Performer", "ARTIST"),
        (TAGS.show, "album", "Album", "Album", "Album", "ALBUM"),
        (TAGS.show, "album_artist", "Album Artist", "Albumartist", "Album_Performer", "ALBUMARTIST"),
        ("7", "track", "Track Number", "TrackNumber", "Track_Position", "TRACKNUMBER"),
        ("2", "disc", "Disc Number", "Discnumber", "Part", "DISCNUMBER"),
        ("Podcast", "genre", "Genre", "Genre", "Genre", "GENRE"),
        ("2026-03-01", "date", "Date", "Date", "Recorded_Date", "DATE"),
        (TAGS.copyright, "copyright", "Copyright", "Copyright", "Copyright", "COPYRIGHT"),
        (TAGS.license_url, "license", "License", "License", "TermsOfUse", "LICENSE"),
        ("eng", "language", "Language", "Language", "", "LANGUAGE"),
        (TAGS.comment, "", "Comment", "Comment", "", "COMMENT"),
        (TAGS.description, "comment", "Description", "Description", "", "DESCRIPTION"),
        (TAGS.transcript, "lyrics", "Lyrics", "Lyrics", "", "LYRICS"),
        (TAGS.link, "contact", "Contact", "Contact", "Publisher", "CONTACT"),
        (TAGS.feed_url, "podcasturl", "PODCASTURL", "Podcasturl", "PODCASTURL", "PODCASTURL"),
        (TAGS.guid, "podcastid", "PODCASTID", "Podcastid", "PODCASTID", "PODCASTID"),
        (TAGS.category, "podcastcategory", "PODCASTCATEGORY", "Podcastcategory", "PODCASTCATEGORY", "PODCASTCATEGORY"),
        ("radio, listening", "keywords", "KEYWORDS", "Keywords", "KEYWORDS", "KEYWORDS"),
        ("image/jpeg", "", "", "PictureMIMEType", "", "METADATA_BLOCK_PICTURE"),
    ],
}
ALONE = {("ID3", "2026-03-01T00:05"), ("MP4", "image/jpeg")}
"""The date as TagLib joins it, and the cover that exiftool and ffmpeg return as bytes: both are tested below."""
PROGRAMS = {"ffprobe": "ffmpeg", "kid3-cli": "kid3-cli", "exiftool": "libimage-exiftool-perl", "mediainfo": "mediainfo"}
MISSING = [f"{package} for {name}" for name, package in PROGRAMS.items() if shutil.which(name) is None]
if shutil.which("node") is None or not (NODE / "node_modules" / "music-metadata").exists():
    MISSING.append("node and `npm install --prefix tests/node`")
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"needs {', '.join(MISSING)}")


def output(*command):
    return subprocess.run([str(part) for part in command], capture_output=True, check=True, text=True).stdout


@pytest.fixture(scope="module")
def tagged(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tagged")
    for name in FILES:
        write_tags(sample(name), folder / name, TAGS)
    return folder


def ffprobe(path):
    entries = "format_tags:stream_tags"
    said = json.loads(output("ffprobe", "-v", "error", "-show_entries", entries, "-of", "json", path))
    parts = [said["format"], said["streams"][0]]  # a cover is a stream too, with tags of its own
    return {name.lower(): value for part in reversed(parts) for name, value in part.get("tags", {}).items()}


def kid3(path):
    said = json.loads(output("kid3-cli", "-c", '{"method":"get","params":["all",2]}', path))
    return {frame["name"]: frame["value"] for frame in said["result"]["taggedFile"]["tag2"]["frames"]}


def exiftool(path):
    return {name: str(value) for name, value in json.loads(output("exiftool", "-j", path))[0].items()}


def mediainfo(path):
    general = json.loads(output("mediainfo", "--Output=JSON", path))["media"]["track"][0]
    return general | general.get("extra", {})


@cache
def music(folder):
    return json.loads(output("node", NODE / "music.mjs", *(folder / name for name in FILES)))


def music_metadata(path):
    found = {}
    for frame in music(path.parent)[str(path)]["native"]:
        value = frame["value"]
        found[frame["id"]] = value.get("text") or value.get("format") if isinstance(value, dict) else str(value)
    return found


READ = dict(zip(READERS, (ffprobe, kid3, exiftool, mediainfo, music_metadata), strict=True))


@pytest.mark.parametrize("name", FILES)
def test_every_field_is_read_back(name, tagged):
    found = {reader: read(tagged / name) for reader, read in READ.items()}
    wrong = [
        f"{reader} says {found[reader].get(key)!r} for {key}, not {said!r}"
        for said, *keys in FIELDS[FILES[name]]
        for reader, key in zip(READERS, keys, strict=True)
        if key and found[reader].get(key) != said
    ]
    assert wrong == []


@pytest.mark.parametrize("kind", FIELDS)
def test_every_field_has_two_readers_or_more(kind):
    few = [said for said, *keys in FIELDS[kind] if sum(map(bool, keys)) < 2 and (kind, said) not in ALONE]
    assert few == []


@pytest.mark.parametrize("name", FILES)
def test_cover_is_read_back_byte_for_byte(name, tagged):
    tagname = "-CoverArt" if FILES[name] == MP4 else "-Picture"
    shown = subprocess.run(["exiftool", "-b", tagname, str(tagged / name)], capture_output=True, check=True).stdout
    assert shown == JPEG
    command = ["ffmpeg", "-v", "quiet", "-i", str(tagged / name), "-map", "0:v", "-c", "copy", "-f", "image2pipe", "-"]
    assert subprocess.run(command, capture_output=True, check=True).stdout == JPEG


@pytest.mark.parametrize("name", FILES)
def test_ffprobe_lists_chapters_in_order(name, tagged):
    said = json.loads(output("ffprobe", "-v", "error", "-show_chapters", "-of", "json", tagged / name))["chapters"]
    marks = [(round(float(mark["start_time"]) * 1000), mark["tags"]["title"]) for mark in said]
    expected = CHAPTERS if FILES[name] == MP3 else LISTED  # ffprobe shows silent marks too
    assert marks == [(mark.start_ms, mark.title) for mark in expected]


@pytest.mark.parametrize("name", ["cbr.mp3", "aac.m4a", "alac.m4a"])
def test_music_metadata_lists_chapters_in_order(name, tagged):
    said = music(tagged)[str(tagged / name)]["chapters"]
    scale = 1 if name.endswith(".m4a") else 1000
    assert [(round(mark["start"] * scale), mark["title"]) for mark in said] == [
        (mark.start_ms, mark.title) for mark in LISTED
    ]
    if name.endswith(".mp3"):
        assert [mark.get("url", {}).get("url", "") for mark in said] == [mark.url for mark in LISTED]
        assert [mark.get("image", {}).get("data") for mark in said] == [None, None, len(JPEG)]


def test_eyed3_lists_chapters_with_links_and_images(tagged):
    eyed3 = pytest.importorskip("eyed3", reason="eyeD3 reads chapters")
    found = eyed3.load(tagged / "cbr.mp3").tag
    marks = {mark.element_id: mark for mark in found.chapters}
    assert [(mark.times.start, mark.title, mark.user_url or "") for mark in found.chapters] == [
        (mark.start_ms, mark.title, mark.url) for mark in CHAPTERS
    ]
    (contents,) = found.table_of_contents
    assert [marks[child].title for child in contents.child_ids] == [mark.title for mark in LISTED]
    assert marks[contents.child_ids[-1]].sub_frames[b"APIC"][0].image_data == JPEG
    assert found.frame_set[b"PCST"]
    assert found.frame_set[b"WFED"]


@pytest.mark.parametrize("name", ["aac.m4a", "alac.m4a", "speech.opus", "speech.ogg", "speech.flac"])
def test_mediainfo_lists_chapters_in_order(name, tagged):
    said = json.loads(output("mediainfo", "--Output=JSON", tagged / name))["media"]["track"]
    menus = [track["extra"] for track in said if track["@type"] == "Menu"]
    assert len(menus) == (2 if name.endswith(".m4a") else 1)
    for menu in menus:
        marks = {key: title for key, title in menu.items() if re.fullmatch(r"_\d\d_\d\d_\d\d_\d\d\d", key)}
        assert list(marks.values()) == [mark.title for mark in LISTED]
        assert [int(key[-3:]) + 1000 * int(key[-6:-4]) for key in marks] == [mark.start_ms for mark in LISTED]


@pytest.mark.parametrize("name", ["aac.m4a", "alac.m4a"])
@pytest.mark.parametrize("kind", ["MP4ChapterTypeQt", "MP4ChapterTypeNero"])
def test_mp4v2_lists_both_kinds_of_chapters(name, kind, tagged):
    raw = pytest.importorskip("pymp4v2", reason="mp4v2 reads chapters").raw
    handle = raw.MP4Read(str(tagged / name))
    try:
        _, marks = raw.MP4GetChapters(handle, getattr(raw, kind))
    finally:
        raw.MP4Close(handle)
    assert [mark.title for mark in marks] == [mark.title for mark in LISTED]


@pytest.mark.parametrize("name", ["aac.m4a", "alac.m4a"])
def test_exiftool_and_ffmpeg_find_the_link_of_a_title(name, tagged):
    said = json.loads(output("exiftool", "-ee", "-j", "-G3:1", "-api", "struct=0", tagged / name))[0]
    texts = [value for key, value in said.items() if key.endswith(":Text")]
    assert [(mark.title in text, mark.url in text) for mark, text in zip(LISTED, texts, strict=True)] == [
        (True, True)
    ] * 3
    command = ["ffmpeg", "-v", "quiet", "-i", str(tagged / name), "-map", "0:d", "-c", "copy", "-f", "data", "-"]
    samples = subprocess.run(command, capture_output=True, check=True).stdout
    title, link = LISTED[0].title.encode(), LISTED[0].url.encode()
    head = len(title).to_bytes(2, "big") + title
    assert samples.startswith(head)
    assert samples.index(b"href") < samples.index(bytes([len(link)]) + link + b"\0") < samples.index("Мир".encode())


def test_exiftool_reads_the_text_track(tagged):
    said = json.loads(output("exiftool", "-ee", "-j", "-G1", tagged / "aac.m4a"))[0]
    assert [line.partition("] ")[2] for line in said["UserData:ChapterList"]] == [mark.title for mark in LISTED]
    assert said["Track2:TrackVolume"] == "0.00%"
    assert said["Track2:MatrixStructure"] == "1 0 0 0 1 0 0 0 1"
