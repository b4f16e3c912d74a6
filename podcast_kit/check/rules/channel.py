"""Rules ch.*: how the feed describes the show to listeners and directories."""

from __future__ import annotations

import re
from collections.abc import Iterator

from podcast_kit.check import html_scan
from podcast_kit.check.context import ChannelView, is_complete_url
from podcast_kit.check.registry import Finding, rule
from podcast_kit.check.rules.languages import find_language_error
from podcast_kit.errors import Severity
from podcast_kit.model import Category, Node
from podcast_kit.namespaces import categories
from podcast_kit.text.numbers import parse_count

MAX_CHANNEL_DESCRIPTION_BYTES = 4000
MAX_TITLE_LEN = 255
MAX_USEFUL_CATEGORIES, MAX_CATEGORIES = 3, 20
MAX_RSS_IMAGE_WIDTH, MAX_RSS_IMAGE_HEIGHT = 144, 400
EMAIL = re.compile(r"[^@\s<>()]+@[^@\s<>()]+\.[^@\s<>().]+")
_KEYWORD_LIST = re.compile(r"https?://|\bwww\.|(?:\|[^|]+){3}|(?:,[^,]+){5}", re.IGNORECASE)


@rule(
    "ch.title",
    Severity.ERROR,
    subject=ChannelView,
    platforms="apple psp1 spotify amazon stitcher",
    sources="APRSS PSP RSS2",
    why="Directories reject a show without a name, and show HTML tags in it as text.",
    fix="set title: in podcast.yaml to plain text",
)
def check_channel_title(channel: ChannelView) -> Iterator[Finding]:
    """The show has a title in plain text."""
    if not channel.title:
        yield Finding("the show has no title", channel.child("title"), key="title")
    elif html := html_scan.find_html(channel.title):
        yield Finding(f"the show's title contains HTML: {html!r}", channel.child("title"), key="title")


@rule(
    "ch.title.stuffing",
    Severity.WARNING,
    subject=ChannelView,
    platforms="apple spotify",
    sources="AP823",
    why="Apple removes shows whose titles contain lists of keywords, prices or URLs.",
    fix="keep only the show's name; the rest belongs in the description",
)
def check_channel_title_stuffing(channel: ChannelView) -> Iterator[Finding]:
    """The title is a name of at most 255 characters, without a list of keywords or a URL."""
    if len(channel.title) > MAX_TITLE_LEN:
        yield Finding(f"the show's title has {len(channel.title)} characters", channel.child("title"), key="title")
    elif match := _KEYWORD_LIST.search(channel.title):
        text = f"the show's title looks like a list of keywords: {match[0][:40]!r}"
        yield Finding(text, channel.child("title"), key="title")


@rule(
    "ch.description",
    Severity.ERROR,
    subject=ChannelView,
    platforms="apple psp1 spotify amazon",
    sources="APRSS PSP",
    why="Apple rejects a show without a description, and limits it to 4,000 bytes; a letter such as ä counts twice.",
    fix="set description: in podcast.yaml, at most 4,000 bytes",
)
def check_channel_description(channel: ChannelView) -> Iterator[Finding]:
    """The show has a description of at most 4,000 bytes."""
    size = len(channel.child_text("description").encode())
    if not size:
        yield Finding("the show has no description", channel.child("description"), key="description")
    elif size > MAX_CHANNEL_DESCRIPTION_BYTES:
        text = f"the show's description has {size:,} bytes"
        yield Finding(text, channel.child("description"), key="description")


@rule(
    "ch.description.html",
    Severity.WARNING,
    subject=ChannelView,
    platforms="apple psp1",
    sources="APRSS PSP13",
    why="Apple shows paragraphs, lists and links; it drops all other HTML or shows it as text.",
    fix="use only p, ol, ul, li and a (b, i, strong, em and br do no harm), with complete URLs",
)
def check_channel_description_html(channel: ChannelView) -> Iterator[Finding]:
    """The description uses only paragraphs, lists, links and emphasis, and its links are absolute."""
    html = channel.child_text("description")
    node = channel.child("description")
    if unsupported := sorted(html_scan.element_names(html) - html_scan.DISPLAYED_ELEMENTS):
        yield Finding(f"the show's description uses <{unsupported[0]}>", node, key="description")
    if url := html_scan.find_relative_link(html):
        text = f"the show's description has a relative link, which is broken in apps: {url!r}"
        yield Finding(text, node, key="description")


@rule(
    "ch.link",
    Severity.ERROR,
    subject=ChannelView,
    platforms="apple psp1 stitcher",
    sources="RSS2 PSP",
    why="RSS requires it, and apps show it as the show's website.",
    fix="give the complete https URL of the show's website, not of the feed",
)
def check_channel_link(channel: ChannelView) -> Iterator[Finding]:
    """The channel links to the show's website."""
    url = channel.child_text("link")
    if not is_complete_url(url):
        problem = f"is not a URL: {url[:80]!r}" if url else "is missing"
        yield Finding(f"the link to the show's website {problem}", channel.child("link"), key="publish.url")
    elif channel.url and url == channel.url:
        yield Finding("the link to the show's website is the feed itself", channel.child("link"), key="publish.url")


@rule(
    "ch.language",
    Severity.ERROR,
    subject=ChannelView,
    platforms="apple psp1 spotify amazon",
    sources="APRSS PSP",
    why="Apple rejects a language that is not on its list.",
    fix="use two letters, optionally with a country: en, en-us, pt-br",
)
def check_channel_language(channel: ChannelView) -> Iterator[Finding]:
    """The language is an ISO 639-1 code, optionally with an ISO 3166-1 country."""
    code = channel.child_text("language")
    problem = find_language_error(code) if code else "the feed has no language"
    if problem:
        yield Finding(problem, channel.child("language"), key="language")


def _named_categories(channel: ChannelView) -> Iterator[tuple[Node, Category]]:
    """The categories that the feed names, each with its element."""
    for node in channel.children_named("itunes:category")[:MAX_CATEGORIES]:
        name = node.attributes.get("text", "")
        children = node.children_named("itunes:category")
        yield from ((child, Category(name, child.attributes.get("text", ""))) for child in children[:MAX_CATEGORIES])
        if not children:
            yield node, Category(name)


@rule(
    "ch.category",
    Severity.ERROR,
    subject=ChannelView,
    platforms="apple psp1 spotify amazon",
    sources="AP1691 PSP",
    why="Apple accepts only the names of its own list, letter for letter.",
    fix="choose from Apple's list, such as Business > Marketing",
)
def check_channel_category(channel: ChannelView) -> Iterator[Finding]:
    """There is at least one category, and each is spelled as on Apple's list."""
    named_categories = list(_named_categories(channel))
    if not named_categories and not channel.is_publisher:
        yield Finding("the show has no category", key="categories")
    for node, category in named_categories:
        if not categories.category_exists(category) and not categories.is_legacy_category(category):
            suggestion = categories.suggest_category(category)
            fix = f"did you mean {categories.format_category(suggestion)}?" if suggestion else ""
            text = f"{categories.format_category(category)[:80]!r} is not one of Apple's categories"
            yield Finding(text, node, "categories", fix)


@rule(
    "ch.category.legacy",
    Severity.ERROR,
    subject=ChannelView,
    platforms="apple",
    sources="AP1691",
    why="Apple renamed its categories in August 2019 and ignores the old names.",
    fix="use the category that replaced it",
)
def check_channel_category_legacy(channel: ChannelView) -> Iterator[Finding]:
    """No category has a name from before August 2019."""
    for node, category in _named_categories(channel):
        if categories.is_legacy_category(category):
            replacement = categories.replacement_category(category)
            fix = f"write {categories.format_category(replacement)}" if replacement else ""
            text = f"Apple removed {categories.format_category(category)!r} from its list in August 2019"
            yield Finding(text, node, "categories", fix)


@rule(
    "ch.category.many",
    Severity.HINT,
    subject=ChannelView,
    platforms="apple",
    sources="APRSS",
    why="Apple ranks a show only in its first category and first subcategory.",
    fix="keep the one to three that fit best, the best one first",
)
def check_channel_category_count(channel: ChannelView) -> Iterator[Finding]:
    """There are at most three categories."""
    count = len(list(_named_categories(channel)))
    if count > MAX_USEFUL_CATEGORIES:
        last = channel.children_named("itunes:category")[-1]
        yield Finding(f"the show has {count} categories", last, key="categories")


@rule(
    "ch.explicit",
    Severity.ERROR,
    subject=ChannelView,
    platforms="apple psp1 spotify amazon",
    sources="APRSS AP5440 PSP",
    why="Apple requires it, and accepts only true and false, no longer yes, no and clean.",
    fix="write explicit: true or explicit: false",
)
def check_channel_explicit(channel: ChannelView) -> Iterator[Finding]:
    """itunes:explicit is present, and is true or false."""
    value = channel.child_text("itunes:explicit")
    node = channel.child("itunes:explicit")
    if value in {"true", "false"}:
        return
    if value.lower() in {"yes", "no", "clean", "true", "false"}:
        severity = Severity.ERROR if channel.context.own_feed else Severity.WARNING
        yield Finding(f"itunes:explicit is {value!r}, an outdated value", node, "explicit", severity=severity)
    else:
        text = f"itunes:explicit is {value[:40]!r}" if value else "the feed does not say whether the show is explicit"
        yield Finding(text, node, "explicit")


@rule(
    "ch.explicit.agree",
    Severity.WARNING,
    subject=ChannelView,
    platforms="apple",
    sources="AP5440",
    why="Apple hides a show that it considers explicit and that is not marked so.",
    fix="set explicit: true for the show",
)
def check_channel_explicit_agreement(channel: ChannelView) -> Iterator[Finding]:
    """A show with mostly explicit episodes is marked as explicit itself."""
    explicit_count = sum(item.child_text("itunes:explicit").lower() in {"true", "yes"} for item in channel.items)
    marked_clean = channel.child_text("itunes:explicit").lower() in {"false", "no", "clean"}
    if marked_clean and 2 * explicit_count > len(channel.items):
        text = f"{explicit_count} of {len(channel.items)} episodes are explicit, but the show is not marked so"
        yield Finding(text, channel.child("itunes:explicit"), "explicit")


@rule(
    "ch.image",
    Severity.ERROR,
    subject=ChannelView,
    platforms="apple spotify psp1 amazon stitcher",
    sources="APRSS AP896 SPM",
    why="No directory accepts a show without artwork.",
    fix="set artwork: cover.jpg, a square image of 1400 to 3000 pixels",
)
def check_channel_image(channel: ChannelView) -> Iterator[Finding]:
    """itunes:image gives the artwork's complete URL."""
    url = channel.child_attribute("itunes:image", "href")
    if not is_complete_url(url) and (url or not channel.is_publisher):
        problem = f"is not a URL: {url[:80]!r}" if url else "is missing"
        yield Finding(f"the show's artwork {problem}", channel.child("itunes:image"), key="artwork")


@rule(
    "ch.image.rss",
    Severity.HINT,
    subject=ChannelView,
    sources="RSS2 RSSP FV",
    why="Old readers know only this image; RSS requires it to have the channel's title and link.",
    fix="give url, the channel's title and the channel's link, and leave out width and height",
)
def check_channel_rss_image(channel: ChannelView) -> Iterator[Finding]:
    """An RSS <image> has a url, the channel's title and link, and a size within RSS's limits."""
    node = channel.child("image")
    if node is None:
        return
    width, height = (parse_count(node.child_text(name)) or 0 for name in ("width", "height"))
    problems = [
        text
        for text, applies in (
            ("no valid url", not is_complete_url(node.child_text("url"))),
            ("a title that is not the channel's", node.child_text("title") != channel.title),
            ("a link that is not the channel's", node.child_text("link") != channel.child_text("link")),
            (f"a width above {MAX_RSS_IMAGE_WIDTH}", width > MAX_RSS_IMAGE_WIDTH),
            (f"a height above {MAX_RSS_IMAGE_HEIGHT}", height > MAX_RSS_IMAGE_HEIGHT),
        )
        if applies
    ]
    if problems:
        yield Finding(f"the RSS <image> has {problems[0]}", node, key="artwork")


@rule(
    "ch.author",
    Severity.ERROR,
    subject=ChannelView,
    platforms="spotify apple",
    sources="SPM APRSS",
    why="Spotify rejects a show without an author; Apple shows the author below the title.",
    fix="set author: in podcast.yaml",
)
def check_channel_author(channel: ChannelView) -> Iterator[Finding]:
    """itunes:author names who makes the show, in at most 255 characters."""
    author = channel.child_text("itunes:author")
    if not author:
        yield Finding("the feed has no author", channel.child("itunes:author"), key="author")
    elif len(author) > MAX_TITLE_LEN:
        yield Finding(f"the author has {len(author)} characters", channel.child("itunes:author"), key="author")


@rule(
    "ch.owner.email",
    Severity.WARNING,
    subject=ChannelView,
    platforms="youtube spotify amazon stitcher",
    sources="YT SPM",
    why="YouTube reports “Missing Owner Email”; Spotify and Amazon send a code to this address to verify ownership.",
    fix="set owner: {name: ..., email: ...} in podcast.yaml",
)
def check_channel_owner_email(channel: ChannelView) -> Iterator[Finding]:
    """itunes:owner contains a valid email address."""
    node = channel.child("itunes:owner")
    email = node.child_text("itunes:email") if node else ""
    if not email:
        yield Finding("the feed has no email address of the owner", node, key="owner.email")
    elif not EMAIL.fullmatch(email):
        yield Finding(f"{email[:80]!r} is not an email address", node, key="owner.email")


@rule(
    "ch.type",
    Severity.WARNING,
    subject=ChannelView,
    platforms="apple psp1",
    sources="APRSS PSP",
    why="Any other value counts as episodic, so apps show the newest episode first even in a serial story.",
    fix="write type: episodic or type: serial",
)
def check_channel_type(channel: ChannelView) -> Iterator[Finding]:
    """itunes:type is episodic or serial."""
    node = channel.child("itunes:type")
    if node is not None and node.text.strip() not in {"episodic", "serial"}:
        yield Finding(f"itunes:type is {node.text.strip()[:40]!r}", node, key="type")


@rule(
    "ch.items",
    Severity.ERROR,
    subject=ChannelView,
    platforms="apple spotify amazon",
    sources="AP823 SPM",
    why="Directories accept a show only once it has an episode.",
    fix="publish a first episode; a trailer is enough",
)
def check_channel_has_items(channel: ChannelView) -> Iterator[Finding]:
    """There is at least one item with an enclosure."""
    if not channel.items and not channel.is_publisher:
        yield Finding("the feed has no episodes", key="")
