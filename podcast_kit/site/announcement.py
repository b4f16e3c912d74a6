"""The text of a post about an episode, from a template, and as long as its network allows."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from podcast_kit.errors import InvalidInput, Problem, SourceLocation
from podcast_kit.text.fit import fit_text

if TYPE_CHECKING:
    from podcast_kit.model import Item, Show
    from podcast_kit.site.i18n import Translations

DEFAULT_TEXT = "{{ headline }}\n\n{{ summary }}\n\n{{ url }}\n\n{{ hashtags }}"
"""What is posted without a text of the show's own."""
TEMPLATE_NAME = "announcement"
MAX_POST_HASHTAGS = 5
"""More hashtags read as spam, and servers treat them so."""
_INVISIBLE = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")
"""Control characters, and those that show text in another order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncedEpisode:
    """What a template can use."""

    title: str
    summary: str
    url: str
    show: str
    tags: tuple[str, ...] = ()
    number: int | None = None
    season: int | None = None
    author: str = ""


def describe_announced(show: Show, item: Item) -> AnnouncedEpisode:
    """What a template can use of an episode."""
    episode = item.episode
    return AnnouncedEpisode(
        title=episode.title,
        summary=item.summary,
        url=item.url,
        show=show.title,
        tags=episode.tags,
        number=episode.number,
        season=episode.season,
        author=show.author,
    )


def render_announcement(
    template: str,
    location: SourceLocation,
    episode: AnnouncedEpisode,
    translations: Translations,
    escape: Callable[[str], str] | None = None,
) -> str:
    """The text of a post. Raises InvalidInput, with `location`, where the template is wrong."""
    text = render_text_template(template, location, announcement_values(episode, translations), escape)
    lines = (" ".join(line.split()) for line in _INVISIBLE.sub("", text).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def announcement_values(episode: AnnouncedEpisode, translations: Translations) -> dict[str, Any]:
    """The values of a template of a post, by name."""
    return {
        "headline": translations("new_episode", title=episode.title),
        "title": episode.title,
        "summary": episode.summary,
        "url": episode.url,
        "tags": list(episode.tags),
        "hashtags": " ".join(make_hashtags(episode.tags)),
        "show": episode.show,
        "author": episode.author,
        "number": episode.number,
        "season": episode.season,
    }


def render_text_template(
    template: str, location: SourceLocation, values: Mapping[str, Any], escape: Callable[[str], str] | None = None
) -> str:
    """Render a template of podcast.yaml in the sandbox; `escape` is applied to what its expressions give.

    What the template itself says is not escaped, nor what the filters `tojson` and `safe` give.
    Raises InvalidInput, with `location`, where it is wrong or does too much.
    """
    from jinja2 import DictLoader, StrictUndefined, TemplateSyntaxError
    from jinja2.exceptions import SecurityError

    from podcast_kit.site.sandbox import SandboxedTemplates, TemplateLimitExceeded

    def escape_value(value: object) -> object:
        return escape(value) if escape and isinstance(value, str) and not hasattr(value, "__html__") else value

    environment = SandboxedTemplates(
        is_own=lambda _: True,
        loader=DictLoader({TEMPLATE_NAME: template}),
        autoescape=False,
        undefined=StrictUndefined,
        finalize=escape_value,
        keep_trailing_newline=False,
    )
    try:
        return environment.render_bounded(TEMPLATE_NAME, values)
    except TemplateSyntaxError as error:
        problem = (error.message or "is not a valid template", "fix the syntax", "template.syntax")
    except SecurityError as error:
        problem = (str(error), "use only the values and filters that the documentation lists", "template.unsafe")
    except TemplateLimitExceeded as error:
        problem = (str(error), "make the template do less", "template.limit")
    except (RecursionError, MemoryError, SyntaxError):
        problem = ("is nested too deeply, or calls itself", "make the template do less", "template.limit")
    except Exception as error:  # noqa: BLE001 - whatever an expression of the template raises
        fix = f"the values are {', '.join(values)}"
        problem = (str(error) or type(error).__name__, fix, "template.render")
    text, fix, code = problem
    raise InvalidInput([Problem(location, f"text of a post: {text}", fix, code)])


def fit_announcement(
    template: str,
    location: SourceLocation,
    episode: AnnouncedEpisode,
    translations: Translations,
    accepts: Callable[[str], bool],
    escape: Callable[[str], str] | None = None,
) -> str:
    """The text, with as much of the summary as the network accepts, cut at a sentence where possible.

    If it is too long without a summary, hashtags are left out, and then the title is shortened. Raises InvalidInput if
    even that is too long.
    """

    def render(candidate: AnnouncedEpisode) -> str:
        return render_announcement(template, location, candidate, translations, escape)

    text = render(episode)
    if accepts(text):
        return text
    without_summary = replace(episode, summary="")
    if accepts(render(without_summary)):
        return render(_shorten(episode, "summary", lambda candidate: accepts(render(candidate))))
    shortest = replace(without_summary, tags=())
    if accepts(text := render(shortest)):
        return text
    if accepts(render(replace(shortest, title=""))):
        return render(_shorten(shortest, "title", lambda candidate: accepts(render(candidate))))
    text = "text of a post: is too long, even without summary and hashtags"
    raise InvalidInput([Problem(location, text, "shorten it", "announce.length")])


def _shorten(episode: AnnouncedEpisode, name: str, accepts: Callable[[AnnouncedEpisode], bool]) -> AnnouncedEpisode:
    """The episode with the longest beginning of a text that is accepted; the empty one is."""
    text: str = getattr(episode, name)
    shortened = {0: _with_text(episode, name, "")}
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        candidate = _with_text(episode, name, fit_text(text, middle))
        if accepts(candidate):
            low = middle
            shortened[low] = candidate
        else:
            high = middle - 1
    return shortened[low]


def _with_text(episode: AnnouncedEpisode, name: str, text: str) -> AnnouncedEpisode:
    return replace(episode, title=text) if name == "title" else replace(episode, summary=text)


def make_hashtags(tags: tuple[str, ...]) -> list[str]:
    """Hashtags of an episode's tags: words in one, each with a capital, as screen readers need it.

    >>> make_hashtags(("open source", "RSS", "c++", "2026"))
    ['#OpenSource', '#RSS', '#C']
    """
    hashtags = []
    for tag in tags:
        words = re.findall(r"[^\W_]+", tag)
        joined = "".join(word[:1].upper() + word[1:] for word in words)
        if joined and not joined.isdecimal():
            hashtags.append(f"#{joined}")
    return list(dict.fromkeys(hashtags))[:MAX_POST_HASHTAGS]
