"""Items → pages, and the invitations to follow and to review that every surface shares. The only home of Jinja."""

from podcast_kit.site.i18n import said, words
from podcast_kit.site.listen_links import Kind, Link, Platform, faults, hosts, links, same, service
from podcast_kit.site.pages import Page, Site, render
from podcast_kit.site.prompts import expand, prompts
from podcast_kit.site.templates import eject, names, templates_digest
from podcast_kit.site.theme import look

__all__ = [
    "Kind",
    "Link",
    "Page",
    "Platform",
    "Site",
    "eject",
    "expand",
    "faults",
    "hosts",
    "links",
    "look",
    "names",
    "prompts",
    "render",
    "said",
    "same",
    "service",
    "templates_digest",
    "words",
]
