"""Template tags in notes: Liquid and Nunjucks, Hugo's and WordPress's shortcodes.

Those of players are dropped, those with a meaning in Markdown are converted, and all others are taken out and reported
with their place.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

MAX_TAG_LEN = 2_000
_PLAYER_NAMES = {
    "podigee_player", "web_player", "audio_player", "player", "podcast_player", "include_player", "powerpress",
    "powerpress_playlist", "powerpress_subscribe", "ss_player", "ss_podcast", "podlove-episode-web-player",
    "podlove-web-player", "podlove-episode-downloads", "podlove-podcast-subscribe-button", "audio", "playlist",
    "smart_track_player", "smart_podcast_player", "podcast_episode", "podcast_subscribe", "podcast_playlist",
    "staticsearch", "toc", "flattr", "endraw", "raw", "more",
}  # fmt: skip
"""Players, subscribe buttons and the like: every page here has its own."""
_PLAYER_FILTERS = ("web_player_moderator", "web_player", "disqus_thread", "flattr_button", "twitter_button")
_LINK_SHORTCODES = {
    "youtube": "https://www.youtube.com/watch?v={}",
    "vimeo": "https://vimeo.com/{}",
    "tweet": "https://twitter.com/i/status/{}",
    "instagram": "https://www.instagram.com/p/{}/",
}
_ARGUMENT = re.compile(r"(?:([\w-]+)\s*=\s*)?(?:\"([^\"]*)\"|'([^']*)'|`([^`]*)`|([^\s\"'`=]+))")
_SHORTCODE = re.compile(r"\[(/?)([A-Za-z][A-Za-z0-9_-]{1,60})((?:\s[^\[\]]{0,2000})?)(/?)\]")
_TYPED_ATTRIBUTE = re.compile(r"\s[\w-]+\s*=")
_BLOCK_COMMENT = re.compile(r"<!--\s*/?wp:[^>]{0,4000}?-->\n?")
_MORE_COMMENT = re.compile(r"<!--\s*(?:more|nextpage|noteaser)[^>]{0,200}?-->")


@dataclass(slots=True)
class CleanedText:
    """A text without template tags."""

    text: str
    dropped: Counter[str] = field(default_factory=Counter)
    """Known tags that were left out on purpose, and how often each occurs."""
    unknown: list[tuple[int, str]] = field(default_factory=list)
    """The line, counted from 1, and the text of each tag that is not known."""


@dataclass(frozen=True, slots=True)
class _Tag:
    """One tag of a template language."""

    start: int
    end: int
    body: str
    is_output: bool
    """`{{ … }}` rather than `{% … %}`."""


def clean_liquid(text: str, variables: Mapping[str, str]) -> CleanedText:
    """Text without the tags of Liquid or Nunjucks; `variables` has the values of outputs such as `page.title`."""
    result = CleanedText("")
    pieces: list[str] = []
    position, block_end, lines = 0, "", _LineCounter(text)
    for tag in _find_tags(text, (("{%", "%}", False), ("{{", "}}", True))):
        if tag.start < position:
            continue
        name = "" if tag.is_output else tag.body.partition(" ")[0]
        if block_end and name != block_end:
            continue
        if block_end != "endcomment":
            pieces.append(text[position : tag.start])
        position = tag.end
        if block_end:
            block_end = ""
        elif name in {"comment", "raw"}:
            block_end = f"end{name}"
        else:
            pieces.append(
                _liquid_value(tag, variables, result, lines) if tag.is_output else _liquid_block(tag, result, lines)
            )
    if block_end != "endcomment":
        pieces.append(text[position:])
    result.text = "".join(pieces)
    return result


def _liquid_block(tag: _Tag, result: CleanedText, lines: _LineCounter) -> str:
    """What a tag in `{% %}` becomes."""
    name, _, argument = tag.body.partition(" ")
    if name == "highlight":
        return f"```{argument.partition(' ')[0]}\n"
    if name == "endhighlight":
        return "```"
    if name in _PLAYER_NAMES:
        result.dropped[name] += 1
    else:
        result.unknown.append((lines.line_at(tag.start), f"{{% {tag.body[:100]} %}}"))
    return ""


def _liquid_value(tag: _Tag, variables: Mapping[str, str], result: CleanedText, lines: _LineCounter) -> str:
    name, *filters = (part.strip() for part in tag.body.split("|"))
    quoted = re.fullmatch(r"\"([^\"]*)\"|'([^']*)'", name)
    if any(part.startswith(_PLAYER_FILTERS) for part in filters):
        result.dropped[filters[0].split(":")[0]] += 1
        return ""
    if quoted:
        return quoted[1] or quoted[2] or ""
    if name in variables:
        return variables[name]
    result.unknown.append((lines.line_at(tag.start), f"{{{{ {tag.body[:100]} }}}}"))
    return ""


def clean_hugo(text: str, link_to: Callable[[str], str]) -> CleanedText:
    """Text without Hugo's shortcodes; `link_to` gives the URL of a page that `ref` names."""
    result = CleanedText("")
    pieces: list[str] = []
    position, lines = 0, _LineCounter(text)
    for tag in _find_tags(text, (("{{<", ">}}", False), ("{{%", "%}}", True))):
        if tag.start < position:
            continue
        pieces.append(text[position : tag.start])
        position = tag.end
        body = tag.body.strip().removesuffix("/").strip()
        if body.startswith("/*") and body.endswith("*/"):
            pieces.append(f"{{{{< {body[2:-2].strip()} >}}}}")
            continue
        words = body.split(None, 1)
        name, arguments = (words[0] if words else ""), _read_arguments(words[1] if len(words) > 1 else "")
        shown = f"{{{{< {body[:100]} >}}}}"
        pieces.append(_hugo_replacement(name, arguments, link_to, result, lines.line_at(tag.start), shown))
    result.text = "".join([*pieces, text[position:]])
    return result


def _hugo_replacement(
    name: str,
    arguments: Mapping[str, str],
    link_to: Callable[[str], str],
    result: CleanedText,
    line: int,
    shown: str,
) -> str:
    target = arguments.get("0", "")
    replacement = ""
    if name in {"figure", "img", "image"} and arguments.get("src"):
        text = arguments.get("alt") or arguments.get("caption") or arguments.get("title") or ""
        replacement = f"![{text}]({arguments['src']})"
    elif name in {"ref", "relref"} and target:
        replacement = link_to(target)
    elif name.removeprefix("/") == "highlight":
        replacement = "```" if name.startswith("/") else f"```{target}\n"
    elif name == "gist" and arguments.get("1"):
        replacement = f"<https://gist.github.com/{target}/{arguments['1']}>"
    elif name in {"tweet", "x"} and arguments.get("id"):
        replacement = f"<https://twitter.com/{arguments.get('user', 'i')}/status/{arguments['id']}>"
    elif name in _LINK_SHORTCODES and (arguments.get("id") or target):
        replacement = f"<{_LINK_SHORTCODES[name].format(arguments.get('id') or target)}>"
    elif name.removeprefix("/") in _PLAYER_NAMES:
        result.dropped[name.removeprefix("/")] += 1
    elif not name.startswith("/"):
        result.unknown.append((line, shown))
    return replacement


def clean_wordpress(text: str) -> CleanedText:
    """HTML without WordPress's shortcodes and the comments of its blocks.

    A word in brackets that is not known, and neither has attributes nor a sign that only shortcodes have, is text.
    """
    result = CleanedText("")
    text = _MORE_COMMENT.sub("", _BLOCK_COMMENT.sub("", text))
    pieces: list[str] = []
    position, lines = 0, _LineCounter(text)
    closed = {match[2] for match in _SHORTCODE.finditer(text) if match[1]}
    for match in _SHORTCODE.finditer(text):
        slash, name, written = match[1], match[2], match[3]
        folded = name.casefold()
        is_typed = bool(_TYPED_ATTRIBUTE.search(written)) or "_" in name or "-" in name or name in closed
        is_player = folded in _PLAYER_NAMES or folded.startswith("podlove-")
        if not is_player and folded not in {"embed", "caption", "wp_caption", "video", "code"} and not is_typed:
            continue
        pieces.append(text[position : match.start()])
        position = match.end()
        if is_player:
            result.dropped[folded] += not slash
        elif folded in {"caption", "wp_caption", "code"}:
            pieces.append("")
        elif folded == "embed":
            pieces.append("</p>" if slash else "<p>")
        elif folded == "video" and not slash:
            source = _read_arguments(html.unescape(written))
            url = source.get("src") or source.get("mp4") or source.get("m4v") or ""
            pieces.append(f'<p><a href="{html.escape(url)}">{html.escape(url)}</a></p>' if url else "")
        elif not slash:
            result.unknown.append((lines.line_at(match.start()), match[0][:100]))
    result.text = "".join([*pieces, text[position:]])
    return result


def _read_arguments(text: str) -> dict[str, str]:
    """The arguments of a shortcode: by name, and those without one by their position from 0."""
    arguments: dict[str, str] = {}
    count = 0
    for match in _ARGUMENT.finditer(text):
        value = next((group for group in match.groups()[1:] if group is not None), "")
        if match[1]:
            arguments.setdefault(match[1].casefold(), value)
        else:
            arguments[str(count)] = value
            count += 1
    return arguments


def _find_tags(text: str, kinds: tuple[tuple[str, str, bool], ...]) -> list[_Tag]:
    """Every tag of the kinds (opening, closing, whether it is an output), in order; in linear time."""
    tags: list[_Tag] = []
    for opening, closing, is_output in kinds:
        start, end = text.find(opening), -1
        while start >= 0:
            if end < start + len(opening):
                end = text.find(closing, start + len(opening))
            if end < 0:
                break
            following = text.find(opening, start + len(opening))
            is_innermost = following < 0 or following > end
            if is_innermost and end - start <= MAX_TAG_LEN:
                body = text[start + len(opening) : end].strip().strip("-").strip()
                tags.append(_Tag(start, end + len(closing), body, is_output))
            start = following
    return sorted(tags, key=lambda tag: tag.start)


class _LineCounter:
    """The lines of positions that only grow: counted once."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.line = 1

    def line_at(self, position: int) -> int:
        """The line of a position, counted from 1."""
        if position > self.position:
            self.line += self.text.count("\n", self.position, position)
            self.position = position
        return self.line
