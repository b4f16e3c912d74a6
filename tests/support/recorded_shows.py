"""Shows whose feeds and media are recorded in tests/golden/before, to compare later versions with.

Each function writes a show into an empty folder. Only the standard library is used, so that an earlier version of
podcast_kit can build the same shows.
"""

import shutil
from datetime import date, timedelta
from pathlib import Path

TESTS = Path(__file__).parents[1]
SAMPLES = TESTS / "samples"
EPISODES = TESTS.parent / "episodes"
SAMPLE_SHOW = TESTS / "golden/before/sample"
"""The notes and podcast.yaml of the sample show as they were when it was recorded."""

BASE = {
    "title": "A small show",
    "description": "Recorded to be compared.",
    "author": "Tester",
    "language": "en",
    "timezone": "Europe/Vienna",
    "owner": "{name: Tester, email: t@pod.example}",
    "guid": "9b024349-ccf0-5f69-a609-6b82873eab3c",
    "categories": "[Technology, Business > Marketing]",
    "explicit": "false",
    "listen": "{apple: 1000000001, spotify: 0123456789abcdefABCDEF}",
    "publish": "{url: 'https://pod.example/', to: public}",
}
SPEAKERS = """
  - {name: Ann Lee, url: 'https://pod.example/ann', role: host}
  - {name: Bo Guest, role: guest, group: cast}
  - {name: Cy Sound, role: audio editor, group: audio post-production}"""
CHAPTER_LIST = """
  - {start: 0, title: Welcome}
  - {start: 0.5, title: 'Links & more', url: 'https://pod.example/links?a=1&b=2'}
  - {start: 1, title: Hidden, toc: false}"""


def write_yaml(folder, **keys):
    """podcast.yaml with the basic keys and some of its own; a key of None is left out."""
    (folder / "episodes").mkdir(parents=True, exist_ok=True)
    write_text(folder / "podcast.yaml", format_keys(BASE | keys))


def write_episode(folder, number, recording, notes="One paragraph.\n", /, **keys):
    """One episode from a recording, on the number's day of 2020."""
    day = date(2020, 1, 1) + timedelta(days=number)
    basics = {"title": f"Talk {number}", "date": f"{day} 08:00", "guid": f"guid-{number}", "number": str(number)}
    path = folder / "episodes" / f"{number:03d}-talk.md"
    write_text(path, f"---\n{format_keys(basics | keys)}---\n{notes}")
    if recording:
        shutil.copy(recording, path.with_suffix(recording.suffix))


def write_text(path, text):
    path.write_text(text, "utf-8", newline="\n")


def format_keys(keys):
    return "".join(f"{key}: {value}\n" for key, value in keys.items() if value is not None)


def write_sample(folder):
    """The sample show, with the notes that it had."""
    shutil.copytree(EPISODES, folder / "episodes", ignore=shutil.ignore_patterns("*.md"))
    shutil.copytree(SAMPLE_SHOW, folder, dirs_exist_ok=True)


def write_audio_formats(folder):
    """Every kind of recording that can hold tags, each with everything that a tag can hold except images."""
    write_yaml(folder, copyright="Tester & friends", license="cc-by-4.0", people=SPEAKERS)
    names = ("cbr.mp3", "cbr-bare.mp3", "abr.mp3", "abr-bare.mp3", "vbr.mp3", "vbr-bare.mp3")
    names += ("aac.m4a", "alac.m4a", "speech.opus", "speech.ogg", "speech.flac")
    for number, name in enumerate(names, 1):
        write_episode(
            folder,
            number,
            SAMPLES / name,
            title=f"'{name}: Grüße, «tags» & 漢字 🎙'",
            season="2",
            summary=f"What {name} holds.",
            tags="[tags, formats]",
            explicit="true" if number % 2 else "false",
            chapters=CHAPTER_LIST,
        )
    write_episode(folder, 20, SAMPLES / "cbr.mp3", "No chapters, no number.\n", number=None, type="trailer")
    write_episode(folder, 21, SAMPLES / "aac.m4a", "A bonus.\n", number=None, type="bonus", people="[Dee Only]")


def write_chapter_sources(folder):
    """Chapters from notes, a list, and a file of every format."""
    write_yaml(folder)
    lines = "00:00 Welcome\n00:01 [A link](https://pod.example/x)\n"
    write_episode(folder, 1, SAMPLES / "cbr.mp3", f"Before.\n\n{lines}\nAfter.\n")
    write_episode(folder, 2, SAMPLES / "cbr.mp3", f"{lines}\n\nNot these.\n", chapters="none")
    write_episode(folder, 3, SAMPLES / "aac.m4a", "- 00:00 **Bold**\n- (0:01.5) Next & <last>\n")
    write_episode(folder, 4, SAMPLES / "speech.opus", "Listed.\n", chapters=CHAPTER_LIST)
    paths = (path for path in (TESTS / "golden/chapters").iterdir() if path.suffix != ".expected")
    for number, path in enumerate(sorted(paths), 5):
        shutil.copy(path, folder / "episodes")
        write_episode(folder, number, SAMPLES / "vbr.mp3", f"From {path.name}.\n", chapters=path.name)


def write_transcript_formats(folder):
    """A transcript of every format, and several for one episode."""
    write_yaml(folder)
    paths = sorted(path for path in (TESTS / "golden/transcripts").iterdir() if path.suffix != ".expected")
    for number, path in enumerate(paths, 1):
        shutil.copy(path, folder / "episodes")
        write_episode(folder, number, SAMPLES / "cbr.mp3", f"From {path.name}.\n", transcript=path.name)
    names = ", ".join(path.name for path in paths if path.suffix in {".vtt", ".srt", ".txt"})
    write_episode(folder, 20, SAMPLES / "aac.m4a", "Several.\n", transcript=f"[{names}]", chapters=CHAPTER_LIST)


def write_artwork(folder):
    """Images of the show, an episode, people, chapters and notes, in tags, feed and media."""
    write_yaml(folder, artwork="cover.jpg", theme="{colour: '#0f62a8'}")
    shutil.copy(EPISODES / "art/cover.jpg", folder / "cover.jpg")
    shutil.copy(EPISODES / "art/loop.png", folder / "episodes/A Loop.png")
    chapters = "\n  - {start: 0, title: Welcome, image: 'A Loop.png'}\n  - {start: 1, title: Next}"
    people = "[{name: Ann Lee, image: 'A Loop.png'}, {name: Bo, image: 'https://pod.example/bo.jpg'}]"
    notes = '![A loop](A%20Loop.png "In four steps")\n\nAnd text.\n'
    write_episode(folder, 1, SAMPLES / "cbr.mp3", notes, chapters=chapters, people=people, image="../cover.jpg")
    write_episode(folder, 2, SAMPLES / "aac.m4a", chapters=chapters, people=people)
    write_episode(folder, 3, SAMPLES / "speech.flac", image="'A Loop.png'")
    write_episode(folder, 4, SAMPLES / "speech.opus", image="'A Loop.png'")


def write_soundbites(folder):
    """Soundbites, cut from MP3, and named only in the feed for other recordings."""
    write_yaml(folder)
    bites = "[{start: 0:10, duration: 20, title: 'Ten & twenty'}, {start: 3.5, duration: 15}]"
    write_episode(folder, 1, EPISODES / "003-what-a-review-is-for.mp3", soundbites=bites)


def write_every_key(folder):
    """Most keys that podcast.yaml and front matter have, at once."""
    write_yaml(
        folder,
        copyright="2026 Tester",
        license="cc-by-sa-4.0",
        locked="true",
        complete="true",
        block="true",
        type="serial",
        people=SPEAKERS,
        feed="{path: feeds/show.rss}",
        publish="{url: 'https://pod.example/some/place/', to: public, clean_urls: true}",
        funding="[{url: 'https://pod.example/support', label: Support the show}, 'https://pod.example/tip']",
        location="{name: 'Berlin, Germany', geo: 'geo:52.5170,13.3889', osm: R62422}",
        medium="podcast",
        podping="false",
        update_frequency="{label: Every Monday, rrule: FREQ=WEEKLY;BYDAY=MO}",
        blocked_services="[youtube, amazon]",
        txt="[{purpose: verify, text: S6lpp-7ZCn8-dZfGc-OoyaG}, plain]",
        podroll="[{feed_guid: 396d9ae0-da7e-5557-b894-b606231fa3ea}]",
        social="{protocol: activitypub, url: 'https://social.example/@show', account: '@show@social.example'}",
        value="{type: lightning, method: keysend, suggested: 0.00000015000, recipients: "
        "{name: Ann, type: node, split: 9, "
        "address: 02d5c1bf8b940dc9cadca86d1b0a3c37fbe39cee4c7e839e33bef9174531d27f52}}",
        trailers="{title: About, url: 'https://pod.example/media/trailer.mp3', date: 2026-01-03 09:00, "
        "length: 1234567, type: audio/mpeg, season: 4}",
        spotify_limit="17",
        spotify_countries="de at ch",
        apple_verify="1c4f2a90-77aa",
        new_feed_url="https://new.example/feed.xml",
        extra='\n  - {name: ttl, text: 60}\n  - <media:rating scheme="urn:simple">adult &amp; kind</media:rating>',
    )
    write_episode(
        folder,
        1,
        SAMPLES / "cbr.mp3",
        "With **everything**, <b>HTML</b>, [links](https://a.example/?b=1&c=2) & a ]]> in the text.\n",
        title="'Everything: <all> & \"more\"'",
        season="1",
        season_name="{number: 1, name: The Long Spring}",
        episode_display="{number: 315.5, display: Ch.3}",
        author="Jo Field",
        tags="[one, two]",
        license="{name: my-own-licence, url: 'https://pod.example/licence'}",
        location="Old Town Library",
        funding="{url: 'https://pod.example/tea', label: Buy us a tea}",
        social="[{protocol: disabled}]",
        content_links="[{url: 'https://video.example/watch/1', label: Watch}]",
        txt="{purpose: ai-content, text: Written by people.}",
        images="https://pod.example/media/square.png",
        value="{type: lightning, method: lnaddress, recipients: {name: Bo, type: lnaddress, address: bo@w.example, "
        "split: 97}, time_splits: [{start: '0:01', duration: 0.5, recipients: "
        "{name: Cy, type: lnaddress, address: cy@w.example, split: 85}}]}",
        chat="{server: matrix.pod.example, protocol: matrix, account: '@show:matrix.pod.example'}",
        aliases="[old-name, /2019/05/old-name/]",
        listen="{apple: 1000000000001}",
    )
    write_episode(folder, 2, SAMPLES / "aac.m4a", "Scheduled.\n", date="2030-01-01 10:00")
    write_episode(folder, 3, SAMPLES / "aac.m4a", "A draft.\n", draft="true")
    write_episode(folder, 4, SAMPLES / "vbr.mp3", "Its own address.\n", slug="my-own-slug", summary="In short.")


def write_alternate_enclosures(folder):
    """The same episode in other formats: files of the show, and files elsewhere."""
    write_yaml(folder)
    for name in ("speech.opus", "speech.flac"):
        shutil.copy(SAMPLES / name, folder / f"episodes/other-{name}")
    elsewhere = "{type: video/mp4, length: 7924786, title: Film, sources: 'https://pod.example/media/1.mp4'}"
    local = "{type: audio/opus, title: Opus, sources: other-speech.opus}"
    local += ", {type: audio/flac, title: Lossless, bitrate: 160000, default: true, sources: [other-speech.flac]}"
    write_episode(folder, 1, SAMPLES / "cbr.mp3", alternate_enclosures=f"[{local}, {elsewhere}]")


def write_private_feeds(folder):
    """Two people with private feeds, one of whom has lost theirs."""
    write_yaml(folder, new_feed_url="https://new.example/feed.xml")
    write_text(folder / "subscribers.txt", "Ann Lee\nZoë\n- Bo\n")
    write_text(folder / "subscribers.key", f"{bytes(range(32)).hex()}\n")
    write_episode(folder, 1, SAMPLES / "cbr.mp3")
    write_episode(folder, 2, SAMPLES / "aac.m4a")


def write_archive_pages(folder):
    """More episodes than one page of the feed has."""
    write_yaml(folder, feed="{page_size: 2}", prompts="{default: none}")
    for number in range(1, 8):
        write_episode(folder, number, SAMPLES / "cbr.mp3", f"Number {number} of seven.\n")


def write_notes(folder):
    """All of Markdown, link markers, and prompts at every place and in their own words."""
    sets = (
        "{default: {follow: true, review: true, placement: end}, marked: {placement: marker}, "
        "own: {follow: 'If {show} is for you, follow it.', review: 'This was {title}. What stays?'}, "
        "only: {follow: false, review: true}, no: none}"
    )
    write_yaml(folder, prompts=sets)
    (folder / "episodes/art").mkdir()
    shutil.copy(EPISODES / "art/loop.png", folder / "episodes/art/a b.png")
    everything = (TESTS / "golden/notes/everything.md").read_text("utf-8")
    write_episode(folder, 1, SAMPLES / "cbr.mp3", everything)
    marked = "Before.\n\n{{ prompts }}\n\nAfter.\n\n{{ links }}\n\n{{ feed }}\n"
    write_episode(folder, 2, SAMPLES / "cbr.mp3", marked, prompts="marked")
    write_episode(folder, 3, SAMPLES / "cbr.mp3", "In other words.\n", prompts="own")
    write_episode(folder, 4, SAMPLES / "cbr.mp3", "A review.\n\n{{ review }}\n", prompts="only")
    write_episode(folder, 5, SAMPLES / "cbr.mp3", "Nothing asked.\n", prompts="no")
    linked = "Follow on [Apple](https://podcasts.apple.com/podcast/id1000000001).\n\n{{ follow }}\n"
    write_episode(folder, 6, SAMPLES / "cbr.mp3", linked)


def write_language(folder, language, **keys):
    """Prompts, chapters and a transcript in a language."""
    write_yaml(folder, language=language, people=SPEAKERS, **keys)
    shutil.copy(TESTS / "golden/transcripts/voices.vtt", folder / "episodes")
    write_episode(folder, 1, SAMPLES / "cbr.mp3", "00:00 A\n00:01 B\n", transcript="voices.vtt", season="1")
    write_episode(folder, 2, SAMPLES / "aac.m4a", "Text.\n")


def write_german(folder):
    write_language(folder, "de", title="Übers Hören")


def write_french(folder):
    write_language(folder, "fr-CA", listen="{apple: 1000000001, deezer: 1234}", title="L’écoute")


def write_spanish(folder):
    write_language(folder, "es", listen="{spotify: 0123456789abcdefABCDEF}", title="¿Qué tal?")


def write_untranslated(folder):
    """Italian has no strings of ours; English is used."""
    write_language(folder, "it", listen=None)


def write_mastered(folder):
    """Recordings that are brought to a loudness, joined, converted and offered in a second format."""
    write_yaml(folder, audio="{loudness: -16, format: mp3, bitrate: 96k, intro: intro.flac, alternate: opus}")
    shutil.copy(SAMPLES / "speech.flac", folder / "intro.flac")
    write_episode(folder, 1, SAMPLES / "speech.wav", "00:00 A\n00:01 B\n")
    write_episode(folder, 2, SAMPLES / "speech.aiff", audio="{format: m4a, alternate: opus}")
    write_episode(folder, 3, TESTS / "sounds/voice.flac", audio="{loudness: -19, trim: true}")


def write_first_publish(folder):
    write_yaml(folder)
    for number in range(1, 8):
        write_episode(folder, number, SAMPLES / ("cbr.mp3" if number % 2 else "aac.m4a"), chapters=CHAPTER_LIST)


def change_after_publish(folder):
    """Changes to a published show: what is published stays, and the lock keeps it."""
    write_episode(folder, 1, None, "Other words.\n", title="Another title", chapters=CHAPTER_LIST)
    (folder / "episodes/002-talk.m4a").unlink()  # as in CI, where recordings are missing
    for suffix in (".md", ".mp3"):
        (folder / "episodes/003-talk").with_suffix(suffix).rename((folder / "episodes/003-renamed").with_suffix(suffix))
    shutil.copy(SAMPLES / "alac.m4a", folder / "episodes/004-talk.m4a")
    (folder / "episodes/005-talk.md").unlink()
    (folder / "episodes/005-talk.mp3").unlink()
    write_episode(folder, 6, None, "Not read before.\n", chapters="none")
    write_episode(folder, 7, None, "New tags.\n", title="Retagged", chapters=CHAPTER_LIST)
    write_episode(folder, 8, SAMPLES / "speech.flac", "Uploaded ahead.\n", date="2030-01-01 10:00")


SHOWS = {
    "sample": write_sample,
    "audio_formats": write_audio_formats,
    "chapter_sources": write_chapter_sources,
    "transcript_formats": write_transcript_formats,
    "artwork": write_artwork,
    "soundbites": write_soundbites,
    "every_key": write_every_key,
    "alternate_enclosures": write_alternate_enclosures,
    "private_feeds": write_private_feeds,
    "archive_pages": write_archive_pages,
    "notes": write_notes,
    "german": write_german,
    "french": write_french,
    "spanish": write_spanish,
    "untranslated": write_untranslated,
    "mastered": write_mastered,
    "republished": write_first_publish,
}
CHANGES = {"republished": change_after_publish}
"""What happens to a show between its first build and the one that is recorded."""
BUILD_OPTIONS = {"republished": {"retag": ["007-talk"], "ahead": True}}
LIBRARIES = {
    "sample": ("pillow",),
    "artwork": ("pillow",),
    "mastered": ("av", "lameenc", "numpy"),
}
"""Libraries that encode images or audio of a show: another version may write other bytes."""
