"""A show as values that can be compared after an export and an import, whatever they are written as."""

import hashlib
import re

from podcast_kit.namespaces import TAGS
from tests.support.feed_comparison import HOST_ELEMENTS, canonical_value, words

SHOW_FIELDS = (
    *("title", "description", "author", "language", "timezone", "owner_name", "owner_email", "guid", "categories"),
    *("explicit", "type", "copyright", "license", "locked", "complete", "block", "prompts", "theme", "audio"),
    *("contact", "reviews", "comments", "ignore"),
)
IMAGE_PATH = re.compile(r"https?://[^/]+/(?:media|img)/.*\.(?:png|jpg)")
"""A picture of the notes, which the new show may have published itself."""
CHAPTER_LIST = re.compile(r"<ul>(?:<li>\(\d\d:\d\d:\d\d\)[^<]*</li>)+</ul>")
"""What a build adds where the notes have no chapters; compared as chapters."""
EPISODE_FIELDS = ("slug", "title", "number", "season", "type", "aliases", "mastering", "prompts", "draft")


def show_values(build):
    """Every value of a built show, by a name such as `show title` or `episode number`; those of episodes by guid."""
    show = build.project.show
    values = {f"show {name}": getattr(show, name) for name in SHOW_FIELDS}
    values["show people"] = people_values(show.people)
    values["show elements"] = element_values(element for element in show.elements if element.name not in HOST_ELEMENTS)
    values["show host_elements"] = element_values(element for element in show.elements if element.name in HOST_ELEMENTS)
    values["show artwork"] = image_value(build, build.artwork)
    values["show listen"] = sorted((link.service, link.value, link.label) for link in show.listen)
    values["show feed"] = show.feed
    values["show publish"] = (show.publish.to, show.publish.clean_urls)
    values["show announce"] = (show.announce, show.notify)
    values["show pages"] = (build.project.static_files, [page.path for page in build.project.pages])
    values["show private"] = show.private
    values["show network"] = build.project.shared_folder
    for item in build.items:
        for name, value in episode_values(build, item).items():
            values[f"episode {name}", item.guid] = value
    return values


def episode_values(build, item):
    episode, show = item.episode, build.project.show
    values = {name: getattr(episode, name) for name in EPISODE_FIELDS}
    values["date"] = item.date
    links = [IMAGE_PATH.sub("picture", link) for link in re.findall('href="([^"]*)"', item.notes)]
    values["notes"] = (words(CHAPTER_LIST.sub("", item.notes)), links)
    values["summary"] = item.summary
    values["explicit"] = show.explicit if item.explicit is None else item.explicit
    values["duration"] = round(item.enclosure.seconds)
    values["enclosure"] = (item.enclosure_url, item.enclosure.bytes, item.enclosure.mime)
    values["is_without_chapters"] = not item.chapters
    if item.chapters:
        values["chapters"] = [(mark.start_ms, mark.title, mark.url, mark.toc) for mark in item.chapters]
    linked = [dict(element.attributes) for element in item.elements if element.name == "podcast:transcript"]
    values["transcripts"] = sorted(
        [(text.mime, text.language) for text in item.transcripts]
        + [(attributes["type"], attributes.get("language", "")) for attributes in linked]
    )
    values["cues"] = [cue_values(text.cues) for text in item.transcripts if text.cues][:1]
    values["people"] = people_values(item.people)
    values["tags"] = list(episode.tags)
    values["elements"] = element_values(element for element in item.elements if element.name != "podcast:transcript")
    values["artwork"] = image_value(build, item.artwork)
    values["listen"] = sorted((link.service, link.value, link.label) for link in episode.listen)
    values["alternate"] = (item.alternate.mime, item.alternate.bytes) if item.alternate else None
    return values


def cue_values(cues):
    return [(cue.start_ms, cue.end_ms, " ".join(cue.text.split()), cue.speaker) for cue in cues]


def people_values(people):
    return [(person.name, person.role.lower(), person.group.lower(), person.url) for person in people]


def image_value(build, image):
    """The digest of a published image; its URL if it is elsewhere."""
    if image is None:
        return ""
    path = build.folder / image.key if image.key else None
    return hashlib.sha256(path.read_bytes()).hexdigest() if path and path.is_file() else image.url


def element_values(elements):
    return sorted((canonical_element(element) for element in elements), key=repr)


def canonical_element(element):
    tag = TAGS.get(element.name)
    defaults = {field.name: field.default for field in (tag.attributes if tag else ()) if field.default}
    attributes = {
        name: canonical_value(tag.field(name) if tag else None, value, element.name)
        for name, value in (defaults | dict(element.attributes)).items()
        if value
    }
    text = canonical_value(tag.text if tag else None, element.text, element.name)
    if element.name in {"podcast:season", "podcast:episode"} and "name" in attributes:
        text = ""  # the number is that of the episode
    return (
        element.name,
        str(text),
        tuple(sorted((key, str(value)) for key, value in attributes.items())),
        tuple(map(canonical_element, element.children)),
    )


def differing_values(before, after):
    """Name → both values, of the first difference of each name."""
    differences = {}
    for key in before:
        if before.get(key) != after.get(key):
            name = key[0] if isinstance(key, tuple) else key
            differences.setdefault(name, (key, before.get(key), after.get(key)))
    return differences
