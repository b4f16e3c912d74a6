from datetime import UTC, datetime

import pytest

from podcast_kit.errors import InvalidInput, PodcastKitError, Severity
from podcast_kit.model import (
    BucketFile,
    Category,
    Chapter,
    ChapterList,
    ChaptersFromFile,
    ChaptersFromNotes,
    EpisodeType,
    ListenLink,
    LocalFile,
    NotifySettings,
    Person,
    Placement,
    PromptSet,
    RemoteUrl,
)
from podcast_kit.source import lock, project

SHOW = """\
title: A show
description: About things.
author: Ann
language: en
timezone: Europe/Berlin
publish: {url: https://pod.example}
"""
FRONT = "title: One\ndate: 2026-11-15 08:00\nguid: g-1\n"


@pytest.fixture
def folder(tmp_path):
    """Writes files into a show's folder: `folder({"episodes/1.md": "..."}, show="...")`."""

    def write(files=(), show=SHOW):
        for name, content in {"podcast.yaml": show, **dict(files)}.items():
            path = tmp_path / "show" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return tmp_path / "show"

    return write


def episode(front=FRONT, notes="Notes.\n"):
    return f"---\n{front}---\n{notes}"


def load_episode(folder, front=FRONT, notes="Notes.\n", files=(), show=SHOW):
    return project.load_project(folder({"episodes/one.md": episode(front, notes), **dict(files)}, show)).episodes[0]


def problems(show_folder):
    with pytest.raises(InvalidInput) as caught:
        project.load_project(show_folder)
    return caught.value.problems


def codes(show_folder):
    return [f"{problem.location} {problem.code}" for problem in problems(show_folder)]


def test_minimal_show_gets_defaults(folder):
    loaded = project.load_project(folder({"episodes/one.md": episode()}))
    assert (loaded.show.title, loaded.show.feed_url) == ("A show", "https://pod.example/feed.xml")
    assert loaded.show.prompts["default"] == PromptSet()
    first = loaded.episodes[0]
    assert (first.slug, first.path, first.notes, first.notes_line) == ("one", "episodes/one.md", "Notes.\n", 6)
    assert first.date.isoformat() == "2026-11-15T08:00:00+01:00"
    assert (first.chapters, first.type, first.audio) == (ChaptersFromNotes(), EpisodeType.FULL, None)
    assert (loaded.lock, loaded.warnings) == ((), ())


def test_every_key_of_podcast_yaml_is_read(folder):
    show = (
        SHOW
        + """\
owner: {name: Ann, email: ann@pod.example}
guid: 917393e3-1b1e-5cef-ace4-edaa54e1f810
artwork: art/cover.jpg
categories: [Business > Marketing, Technology]
explicit: yes
type: serial
copyright: Ann
license: CC-BY-4.0
locked: no
complete: true
block: true
people: [Ann, {name: Bob, role: Editor, group: Audio Post-Production, image: art/bob.png}]
listen:
  apple: 1000000001
  spotify: {id: abc, label: Spotty}
  custom: [{label: Here, url: "https://here.example/"}]
prompts:
  short: {follow: true, review: false, placement: marker}
  quiet: none
  own: {follow: "Come along with {show}", review: no}
feed: {path: rss/feed.xml, page_size: 50}
audio: {loudness: -16, format: mp3, bitrate: 128k}
"""
    )
    show = show.replace(
        "{url: https://pod.example}",
        "{url: https://pod.example/a, to: s3://b/p, endpoint: https://s3.example, region: eu}",
    )
    found = project.load_project(folder({"art/cover.jpg": "", "art/bob.png": ""}, show)).show
    assert (found.owner_name, found.owner_email, found.artwork) == (
        "Ann",
        "ann@pod.example",
        LocalFile("art/cover.jpg"),
    )
    assert found.categories == (Category("Business", "Marketing"), Category("Technology"))
    assert (found.explicit, found.type.value, found.locked, found.complete, found.block) == (
        True,
        "serial",
        False,
        True,
        True,
    )
    assert found.people[1] == Person(
        name="Bob", role="editor", group="audio post-production", image=LocalFile("art/bob.png")
    )
    assert found.listen == (
        ListenLink(service="apple", value="1000000001"),
        ListenLink(service="spotify", value="abc", label="Spotty"),
        ListenLink(service="custom", value="https://here.example/", label="Here", keep=True),
    )
    assert found.prompts["short"] == PromptSet(review=False, placement=Placement.MARKER)
    assert found.prompts["quiet"].placement is Placement.NONE
    assert found.prompts["own"] == PromptSet(review=False, follow_text="Come along with {show}")
    assert (found.publish.url, found.publish.to, found.publish.region) == ("https://pod.example/a/", "s3://b/p", "eu")
    assert (found.feed.path, found.feed.page_size, found.audio.loudness) == ("rss/feed.xml", 50, -16.0)
    assert str(found.locations["owner.email"]) == "podcast.yaml:7:20"


def test_every_key_of_front_matter_is_read(folder):
    front = (
        FRONT
        + """\
audio: one.wav
number: 007
season: 2
type: bonus
summary: A sentence.
image: ../art/1.png
explicit: no
draft: yes
chapters:
  - {start: 0:00, title: Intro, image: ../art/1.png}
  - {start: "1:02.5", title: Main, url: https://a.example/, end: 2:00}
  - {start: 90, toc: false}
  - 00:03:00.000 Outro
transcript: [one.vtt, one.srt]
people: [{name: Bob, role: guest}]
tags: [a, b, a]
listen: {apple: 1000}
prompts: none
x-mine: anything
"""
    )
    found = load_episode(folder, front, files={"art/1.png": "", "episodes/one.vtt": "", "episodes/one.srt": ""})
    assert (found.audio, found.number, found.season) == (LocalFile("episodes/one.wav"), 7, 2)
    assert (found.type, found.summary, found.image) == (EpisodeType.BONUS, "A sentence.", LocalFile("art/1.png"))
    assert (found.explicit, found.draft) == (False, True)
    assert found.chapters.chapters == (
        Chapter(start_ms=0, title="Intro", image=LocalFile("art/1.png")),
        Chapter(start_ms=62_500, title="Main", url="https://a.example/", end_ms=120_000),
        Chapter(start_ms=90_000, title="", toc=False),
        Chapter(start_ms=180_000, title="Outro"),
    )
    assert found.transcripts == ("episodes/one.vtt", "episodes/one.srt")
    assert (found.tags, found.prompts, found.people[0].role) == (("a", "b"), "none", "guest")
    assert str(found.location_of("number")) == "episodes/one.md:6:1"


def test_all_problems_of_all_files_are_reported_in_file_order(folder):
    show = SHOW.replace("language: en", "language: english") + "explict: no\n"
    files = {
        "episodes/a.md": episode(
            "title: A\nnumber: twelve\ndate: soon\nduration: 12:00\naudio: ../../a.mp3\n", "![x](gone.png)\n"
        ),
        "episodes/b.md": "no front matter",
        "podcast.lock": "<<<<<<< HEAD\n",
    }
    assert codes(folder(files, show)) == [
        "episodes/a.md:3:1 value.number",
        "episodes/a.md:4:1 value.date",
        "episodes/a.md:5:1 key.derived",
        "episodes/a.md:6:1 path.outside",
        "episodes/a.md:8 file.missing",
        "episodes/b.md:1 front.missing",
        "podcast.lock:1 lock.conflict",
        "podcast.yaml:4:1 ch.language",
        "podcast.yaml:7:1 key.unknown",
    ]


@pytest.mark.parametrize(
    ("front", "code"),
    [
        pytest.param("date: 2026-11-15\n", "key.missing", id="no title"),
        pytest.param("title: x\n", "key.missing", id="no date"),
        pytest.param(FRONT + "number: 0\n", "value.number", id="number from 1"),
        pytest.param(FRONT + "type: ful\n", "value.choice", id="type"),
        pytest.param(FRONT + "audio: one.exe\n", "audio.kind", id="not audio"),
        pytest.param(FRONT + "audio: ftp://a.example/one.mp3\n", "value.url", id="audio neither https nor http"),
        pytest.param(FRONT + "audio: /etc/one.mp3\n", "path.outside", id="absolute"),
        pytest.param(FRONT + "audio: C:/one.mp3\n", "path.outside", id="drive"),
        pytest.param(FRONT + "audio: a\\one.mp3\n", "path.form", id="backslash"),
        pytest.param(FRONT + "image: gone.png\n", "file.missing", id="image"),
        pytest.param(FRONT + "transcript: gone.vtt\n", "file.missing", id="transcript"),
        pytest.param(FRONT + "chapters: gone.json\n", "file.missing", id="chapters"),
        pytest.param(FRONT + "chapters: [{start: 5, title: a}, {start: 5, title: b}]\n", "value.order", id="order"),
        pytest.param(FRONT + "chapters: [soon]\n", "value.time", id="a chapter without a time"),
        pytest.param(FRONT + "prompts: loud\n", "value.unknown", id="prompts"),
        pytest.param(FRONT + "slug: a/b\n", "slug.form", id="slug"),
        pytest.param(FRONT + "Description: x\n", "key.renamed", id="another tool's key"),
        pytest.param(FRONT + "people: [{role: guest}]\n", "key.missing", id="a person without a name"),
    ],
)
def test_invalid_front_matter_is_reported_with_its_code(folder, front, code):
    assert [problem.code for problem in problems(folder({"episodes/one.md": episode(front)}))] == [code]


@pytest.mark.parametrize(
    ("line", "code", "fix"),
    [
        ("categories: [Bussiness]", "ch.category", "did you mean 'Business'?"),
        ("categories: [Marketing]", "ch.category", "did you mean 'Business > Marketing'?"),
        ("categories: [Games & Hobbies > Video Games]", "ch.category.legacy", "use 'Leisure > Video Games'"),
        ("guid: not-a-uuid", "value.guid", "remove the line; 'init' writes one"),
        ("artwork: ../cover.jpg", "path.outside", "copy the file into the show's folder"),
        ("image: cover.jpg", "key.renamed", "use 'artwork'"),
        ("feed: {path: ../feed.xml}", "path.form", "use a name such as feed.xml"),
        ("prompts: {none: {follow: true}}", "value.choice", "give the set another name"),
        ("prompts: {default: {follow: ture}}", "value.flag", "use true or false"),
        ("prompts: {default: {review: 'Tell {us} all'}}", "value.form", "use {show} for the show's title"),
    ],
)
def test_invalid_podcast_yaml_is_reported_with_its_fix(folder, line, code, fix):
    (problem,) = problems(folder(show=SHOW + line + "\n"))
    assert problem.code == code
    assert problem.fix.startswith(fix)


def test_secret_in_podcast_yaml_is_rejected(folder):
    show = SHOW.replace("{url: https://pod.example}", "{url: https://pod.example, secret_access_key: abc}")
    assert [problem.code for problem in problems(folder(show=show))] == ["key.secret"]


def test_closed_service_is_left_out_with_a_warning(folder):
    found = project.load_project(folder(show=SHOW + "listen:\n  stitcher: some-show\n  apple: 1000000001\n"))
    assert [listen.service for listen in found.show.listen] == ["apple"]
    assert [(str(problem.location), problem.code, problem.severity) for problem in found.warnings] == [
        ("podcast.yaml:8:3", "listen.closed", Severity.WARNING)
    ]


def test_closed_service_is_kept_with_keep_true(folder):
    found = project.load_project(folder(show=SHOW + "listen: {stitcher: {url: 'https://s.example/x', keep: true}}\n"))
    assert found.show.listen == (ListenLink(service="stitcher", value="https://s.example/x", keep=True),)
    assert found.warnings == ()


@pytest.mark.parametrize("name", ["one.mp3", "one.M4A", "one.opus"])
def test_audio_file_with_the_same_stem_is_found(folder, name):
    assert load_episode(folder, files={f"episodes/{name}": "", "episodes/one.png": ""}).audio == LocalFile(
        f"episodes/{name}"
    )


def test_several_matching_audio_files_are_reported(folder):
    (problem,) = problems(folder({"episodes/one.md": episode(), "episodes/one.mp3": "", "episodes/one.wav": ""}))
    assert (problem.code, problem.text) == ("audio.several", "more than one audio file matches: one.mp3, one.wav")


def test_audio_file_may_be_missing_when_it_is_named(folder):
    assert load_episode(folder, FRONT + "audio: gone.mp3\n").audio == LocalFile("episodes/gone.mp3")


def test_audio_may_be_a_url(folder):
    assert load_episode(folder, FRONT + "audio: https://a.example/x.mp3\n").audio == RemoteUrl(
        "https://a.example/x.mp3"
    )


def test_audio_may_be_in_object_storage(folder):
    for written in ("S3://raw/2026/talk one.wav", "{file: 's3://raw/2026/talk one.wav', loudness: -19}"):
        audio = load_episode(folder, FRONT + f"audio: {written}\n").audio
        assert audio == BucketFile("s3://raw/2026/talk one.wav")
        assert audio.bucket == "s3://raw"


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("s3://raw", "path.form"),
        ("s3://raw/", "path.form"),
        ("s3://raw/talks/", "path.form"),
        ("s3://r/talk.wav", "path.form"),
        ("s3://raw/../talk.wav", "path.form"),
        ("s3://raw//talk.wav", "path.form"),
        ("s3://raw/talk.txt", "audio.kind"),
        ("s3://key:secret@raw/talk.wav", "key.secret"),
        (f"s3://raw/{'a' * 1100}.wav", "path.form"),
        ("ftp://raw/talk.wav", "value.url"),
    ],
)
def test_wrong_addresses_in_object_storage_are_reported(folder, written, code):
    (problem,) = problems(folder({"episodes/one.md": episode(front=FRONT + f"audio: {written}\n")}))
    assert problem.code == code
    assert problem.location.line > 1
    assert "secret" not in problem.text


@pytest.mark.parametrize("name", ["index.mp3", "two.mp3", "take-4.mp3"])
def test_episode_may_have_its_own_folder(folder, name):
    files = {
        "episodes/two/index.md": episode(notes="![p](p.png)\n"),
        "episodes/two/p.png": "",
        f"episodes/two/{name}": "",
    }
    (found,) = project.load_project(folder(files)).episodes
    assert (found.slug, found.path, found.audio) == (
        "two",
        "episodes/two/index.md",
        LocalFile(f"episodes/two/{name}"),
    )


def test_symbolic_link_out_of_the_show_is_rejected(folder, tmp_path):
    show = folder({"episodes/one.md": episode(FRONT + "audio: one.mp3\n")})
    (tmp_path / "secret.mp3").write_bytes(b"x")
    (show / "episodes/one.mp3").symlink_to(tmp_path / "secret.mp3")
    assert [problem.code for problem in problems(show)] == ["path.outside"]


@pytest.mark.parametrize(("name", "better"), [("Ünï x", "ueni-x"), ("a&b", "a-b"), ("-x", "x")])
def test_file_name_that_is_not_a_slug_gets_a_suggestion(folder, name, better):
    (problem,) = problems(folder({f"episodes/{name}.md": episode()}))
    assert problem.code == "slug.form"
    assert problem.fix.startswith(f"rename it to {better!r}")


def test_duplicate_guids_and_slugs_are_errors_and_duplicate_numbers_warnings(folder):
    files = {
        "episodes/a.md": episode(FRONT + "number: 1\n"),
        "episodes/b.md": episode(FRONT + "number: 1\n"),
        "episodes/c/index.md": episode(FRONT.replace("g-1", "g-2") + "slug: A\ntype: bonus\nnumber: 1\n"),
    }
    assert codes(folder(files)) == [
        "episodes/b.md:4:1 it.guid.unique",
        "episodes/b.md:5:1 it.episode",
        "episodes/c/index.md:5:1 slug.unique",
    ]


def test_draft_needs_no_date(folder):
    assert load_episode(folder, "title: x\ndraft: true\n").date is None


def test_date_in_a_skipped_hour_is_warned_of(folder):
    found = project.load_project(folder({"episodes/one.md": episode("title: x\ndate: 2026-03-29 02:30\n")}))
    assert [(str(problem.location), problem.code) for problem in found.warnings] == [
        ("episodes/one.md:3:1", "value.date.gap")
    ]


def test_skipped_notes_are_warned_of(folder):
    files = {"episodes/a.markdown": "", "episodes/b/notes.md": "", "episodes/art/x.png": "", "episodes/.hidden.md": ""}
    warnings = project.load_project(folder(files)).warnings
    assert [str(problem.location) for problem in warnings] == ["episodes/a.markdown", "episodes/b/notes.md"]


def test_missing_or_empty_lock_has_no_entries(folder):
    show = folder()
    assert project.load_project(show).lock == ()
    (show / "podcast.lock").write_bytes(lock.render_lock([]))
    assert project.load_project(show).lock == ()


def test_show_folder_is_found_upwards(folder, tmp_path):
    show = folder({"episodes/one.md": episode()})
    assert project.find_show_folder(show / "episodes") == show
    with pytest.raises(PodcastKitError) as caught:
        project.find_show_folder(tmp_path)
    assert "podcast-kit init" in caught.value.fix


def test_path_through_parent_does_not_find_the_show_left_behind(tmp_path):
    show = tmp_path / "show"
    (show / "episodes").mkdir(parents=True)
    (show / "podcast.yaml").touch()
    assert project.find_show_folder(show / "episodes" / "..") == show
    with pytest.raises(PodcastKitError, match="or the folders above it"):
        project.find_show_folder(show / "..")


def test_folder_without_podcast_yaml_is_reported(tmp_path):
    assert [problem.code for problem in problems(tmp_path)] == ["file.missing"]


def test_loading_twice_gives_equal_projects(folder):
    show = folder({"episodes/one.md": episode(), "episodes/two/index.md": episode(FRONT.replace("g-1", "g-2"))})
    assert project.load_project(show) == project.load_project(show)
    assert [item.path for item in project.load_project(show).episodes] == ["episodes/one.md", "episodes/two/index.md"]
    assert project.load_project(show).episodes[0].date < datetime(2027, 1, 1, tzinfo=UTC)


def test_namespace_keys_become_elements(folder):
    show = SHOW + "funding: {url: https://a.example/, label: Give}\nmedium: music\n"
    found = project.load_project(
        folder({"episodes/one.md": episode(FRONT + "location: {name: Vienna, geo: 'geo:48.2,16.4'}\n")}, show)
    )
    assert sorted(element.name for element in found.show.elements) == ["podcast:funding", "podcast:medium"]
    assert [element.name for element in found.episodes[0].elements] == ["podcast:location"]


def test_episode_audio_settings_override_the_shows(folder):
    show = SHOW + "audio: {loudness: -16, format: .mp3, bitrate: 128 kbit/s, channels: mono, intro: jingle.wav}\n"
    files = {
        "episodes/one.md": episode(),
        "episodes/two.md": episode(FRONT.replace("g-1", "g-2") + "audio: {file: two.wav, loudness: off, trim: yes}\n"),
    }
    one, two = project.load_project(folder(files, show)).episodes
    assert one.mastering is None
    assert (two.audio, two.mastering.loudness, two.mastering.trim) == (LocalFile("episodes/two.wav"), None, True)
    assert (two.mastering.format, two.mastering.bitrate, two.mastering.channels) == ("mp3", "128k", 1)
    assert two.mastering.intro == "jingle.wav"


@pytest.mark.parametrize(
    "setting",
    ["loudness: 16", "true_peak: 3", "bitrate: fast", "channels: 5", "format: wma", "overlap: -1", "mono: both"],
)
def test_invalid_audio_settings_are_reported_with_a_fix(folder, setting):
    assert [problem.fix != "" for problem in problems(folder(show=f"{SHOW}audio: {{{setting}}}\n"))] == [True]


def test_theme_and_ignored_rules_are_read(folder):
    show = (
        SHOW
        + "theme: {colour: '#A1f', font: 'Georgia, serif', logo: logo.svg}\nignore: {art.bytes: it is a painting}\n"
    )
    found = project.load_project(
        folder({"episodes/one.md": episode(FRONT + "ignore: {it.title: it is a name}\n"), "logo.svg": ""}, show)
    )
    assert (found.show.theme.colour, found.show.theme.font, found.show.theme.logo) == (
        "#aa11ff",
        "Georgia, serif",
        "logo.svg",
    )
    assert (found.show.ignore, found.episodes[0].ignore) == (
        {"art.bytes": "it is a painting"},
        {"it.title": "it is a name"},
    )


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("theme: {colour: red}", "value.form"),
        ("theme: {font: 'x; } body {'}", "value.form"),
        ("theme: {font: gone.woff2}", "file.missing"),
        ("ignore: {art.bytes: }", "key.missing"),
        ("ignore: [art.bytes]", "value.table"),
    ],
)
def test_invalid_theme_or_ignored_rule_is_reported(folder, line, code):
    assert [problem.code for problem in problems(folder(show=f"{SHOW}{line}\n"))] == [code]


def test_picture_without_alternative_text_is_warned_of(folder):
    found = project.load_project(
        folder({"episodes/one.md": episode(notes="Text\n\n![](p.png)\n"), "episodes/p.png": ""})
    )
    assert [(str(problem.location), problem.code) for problem in found.warnings] == [("episodes/one.md:8", "notes.alt")]


def test_misnamed_podcast_yaml_is_recognized(tmp_path):
    (tmp_path / "podcast.yml").write_text(SHOW)
    with pytest.raises(PodcastKitError) as caught:
        project.find_show_folder(tmp_path)
    assert caught.value.fix == "rename podcast.yml to podcast.yaml"


def test_link_to_an_unpublished_file_is_warned_of(folder):
    found = project.load_project(folder({"episodes/one.md": episode(notes="[a](a.pdf)\n"), "episodes/a.pdf": ""}))
    assert [(str(problem.location), problem.code) for problem in found.warnings] == [
        ("episodes/one.md:6", "notes.link")
    ]


@pytest.mark.parametrize(
    ("line", "chapters"),
    [
        ("chapters: auto", ChaptersFromNotes()),
        ("chapters: none", ChapterList()),
        ("chapters: ../chapters.json", ChaptersFromFile("chapters.json")),
        ("", ChaptersFromNotes()),
    ],
)
def test_chapter_source_is_typed(folder, line, chapters):
    loaded = load_episode(folder, f"{FRONT}{line}\n", files={"chapters.json": "{}"})
    assert loaded.chapters == chapters


def test_path_may_be_relative_to_the_shows_folder(folder):
    front = FRONT + "image: art/own.jpg\ntranscript: art/one.vtt\n"
    files = {"art/own.jpg": b"", "art/one.vtt": b"", "art/loop.png": b""}
    assert load_episode(folder, front, "![A loop](art/loop.png)\n", files).image == LocalFile("art/own.jpg")


def test_path_next_to_the_notes_wins(folder):
    files = {"art/own.jpg": b"", "episodes/art/own.jpg": b""}
    assert load_episode(folder, FRONT + "image: art/own.jpg\n", files=files).image == LocalFile("episodes/art/own.jpg")


def test_missing_cover_is_a_warning_where_no_cover_is_needed(folder):
    show_folder = folder(show=SHOW + "artwork: cover.jpg\n")
    assert [problem.code for problem in problems(show_folder)] == ["file.missing"]
    show = project.load_project(show_folder, needs_cover=False)
    assert (show.show.artwork, [str(warning.severity) for warning in show.warnings]) == (None, ["warning"])


def test_ignored_warning_is_not_reported(folder):
    notes = "Write a short paragraph about this episode. Apps show it first.\n"
    files = {"episodes/one.md": episode(notes=notes)}
    assert [warning.code for warning in project.load_project(folder(files)).warnings] == ["notes.begun"]
    files = {"episodes/one.md": episode(FRONT + "ignore: {notes.begun: a joke}\n", notes)}
    assert project.load_project(folder(files)).warnings == ()


@pytest.mark.parametrize(
    "link",
    [
        "spotify: https://open.spotify.com/episode/0123456789abcdefghijkl",
        "spotify: https://open.spotify.com/intl-de/episode/0123456789abcdefghijkl",
        "apple: 'https://podcasts.apple.com/us/podcast/x/id1200361736?i=1000600000000'",
        "youtube: 'https://www.youtube.com/watch?v=abc'",
    ],
)
def test_link_of_the_show_to_an_episode_is_an_error(folder, link):
    assert codes(folder(show=SHOW + f"listen: {{{link}}}\n")) == ["podcast.yaml:7:10 listen.episode"]
    assert load_episode(folder, FRONT + f"listen: {{{link}}}\n").listen


def test_link_of_the_show_to_the_show_is_taken(folder):
    links = "{spotify: https://open.spotify.com/show/0123456789abcdefghijkl, youtube: 'https://www.youtube.com/watch?v=a&list=b'}"
    assert len(project.load_project(folder(show=SHOW + f"listen: {links}\n")).show.listen) == 2


@pytest.mark.parametrize("hubs", ["https://hub.example/", "[https://hub.example/, https://hub.example/]"])
def test_hubs_are_an_address_or_a_list(folder, hubs):
    settings = project.load_project(folder({}, f"feed: {{hub: {hubs}}}\n{SHOW}")).show.feed
    assert settings.hubs == ("https://hub.example/",)


def test_hub_with_a_password_is_refused(folder):
    with pytest.raises(InvalidInput) as raised:
        project.load_project(folder({}, f"feed: {{hub: 'https://me:secret@hub.example/'}}\n{SHOW}"))
    (problem,) = raised.value.problems
    assert (problem.code, problem.location.line) == ("key.secret", 1)
    assert "secret" not in problem.text


@pytest.mark.parametrize(
    ("key", "is_sent"),
    [
        ("podping: true", True),
        ("podping: {uses_podping: yes}", True),
        ("podping: false", False),
        ("extra: '<podcast:podping usesPodping=\"true\"/>'", False),
    ],
)
def test_podpings_are_sent_for_the_key_and_not_for_an_element_of_ones_own(folder, key, is_sent):
    show = project.load_project(folder({}, f"{key}\n{SHOW}")).show
    assert [element.name for element in show.elements] == ["podcast:podping"]
    assert show.notify.podping is is_sent


@pytest.mark.parametrize(
    ("lines", "code", "fix"),
    [
        ("feed: {podping: true}", "key.renamed", "top level"),
        ("announce: {podping: true}", "key.renamed", "top level"),
        ("announce: {podping_token: abc}", "key.secret", "PODCAST_KIT_PODPING_TOKEN"),
        ("feed: {hubs: [https://hub.example/]}", "key.renamed", "'hub'"),
        ("feed: {podcast_index: true}", "key.renamed", "announce:"),
        ("announce: {indexnow: true}", "value.form", "8 to 128"),
        ("announce: {indexnow: short}", "value.form", "8 to 128"),
        ("announce: {indexnow: ../../secret.txt}", "value.form", "8 to 128"),
    ],
)
def test_misplaced_and_invalid_keys_of_services_are_explained(folder, lines, code, fix):
    with pytest.raises(InvalidInput) as raised:
        project.load_project(folder({}, f"{lines}\n{SHOW}"))
    (problem,) = raised.value.problems
    assert (problem.code, problem.location.line) == (code, 1)
    assert fix in problem.fix
    assert "abc" not in problem.text


def test_services_to_tell_are_read(folder):
    show = project.load_project(folder({}, f"announce: {{podcast_index: yes, indexnow: 0123abcd-EF}}\n{SHOW}")).show
    assert show.notify == NotifySettings(podcast_index=True, indexnow_key="0123abcd-EF")
    show = project.load_project(folder({}, f"announce: {{indexnow: false}}\n{SHOW}")).show
    assert show.notify == NotifySettings()


def test_prompts_take_a_list_of_sentences(folder):
    sets = 'prompts: {default: {follow: ["Come along", "Stay with {show}"], review: false, share: Pass it on}}\n'
    prompts = project.load_project(folder(show=f"{SHOW}{sets}")).show.prompts["default"]
    assert (prompts.follow_text, prompts.other_texts) == ("Come along", {"follow": ("Stay with {show}",)})
    assert (prompts.review, prompts.share, prompts.share_text) == (False, True, "Pass it on")


def test_a_list_of_prompts_has_only_sentences(folder):
    sets = 'prompts: {default: {follow: ["true"], share: ["To {whom}"]}}\n'
    assert [problem.code for problem in problems(folder(show=f"{SHOW}{sets}"))] == ["value.form", "value.form"]
