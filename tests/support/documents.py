"""Reads the documentation as tests need it: code blocks, command lines, links."""

import re
import shlex
from dataclasses import dataclass

from tests.support.shows import ROOT

DOCS = ROOT / "docs"
DOCUMENT_NAMES = sorted(path.relative_to(ROOT).as_posix() for path in DOCS.rglob("*.md"))
"""Every page that is written by hand, relative to the repository."""
_BLOCK = re.compile(
    r"^(?P<indent> *)(?P<fence>```+)(?P<info>[^\n`]*)\n(?P<text>.*?)^(?P=indent)(?P=fence)$", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True)
class Block:
    """A fenced block of code."""

    language: str
    title: str
    text: str


def code_blocks(markdown):
    """Every fenced block, in order."""
    blocks = []
    for match in _BLOCK.finditer(markdown):
        title = re.search(r'title="([^"]*)"', match["info"])
        language = match["info"].split()[0] if match["info"].split() else ""
        blocks.append(Block(language, title[1] if title else "", match["text"]))
    return blocks


def without_code(markdown):
    """The text without fenced blocks and inline code."""
    return re.sub(r"`[^`\n]+`", "", _BLOCK.sub("", markdown))


def local_links(markdown):
    """Targets of links and pictures within the repository."""
    return sorted(set(re.findall(r"(?<!\\)\]\(((?!https?:|mailto:|#)[^)\s]+)\)", without_code(markdown))))


def command_lines(markdown):
    """Every `podcast-kit ...` in shell blocks, workflows and inline code, as words."""
    lines = [
        line
        for block in code_blocks(markdown)
        if block.language in {"sh", "yaml"}
        for line in block.text.replace("\\\n", " ").splitlines()
    ]
    lines += re.findall(r"`([^`\n]+)`", _BLOCK.sub("", markdown))
    found = []
    for line in lines:
        match = re.match(r"(?:[-\w: $]*|.*[|&;] |(?:[A-Z_]+=\S+ )+)\bpodcast-kit(?= |$)(?P<rest>.*)", line.strip())
        if match:
            found.append(shlex.split(match["rest"].partition(" > ")[0], comments=True))
    return found
