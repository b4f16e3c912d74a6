"""Renders an episode as the HTML and the text of a mail."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from podcast_kit.model import Image, Item, Show
from podcast_kit.site.i18n import load_translations
from podcast_kit.site.templates import load_templates


@dataclass(frozen=True, slots=True, kw_only=True)
class MailContent:
    """A mail about an episode, without its headers."""

    subject: str
    html: str
    """A complete document."""
    html_body: str
    """What is in it between the title and the end, for services that have a layout of their own."""
    text: str


def render_newsletter(
    show: Show,
    item: Item,
    *,
    subject: str,
    content_text: str,
    folder: Path,
    shared: Path | None = None,
    picture: Image | None = None,
) -> MailContent:
    """Render the mail from the templates in `newsletter/`; `content_text` is the item's content as plain text.

    `folder` may have the show's own `templates/`. Raises InvalidInput with file and line for an error in one of them.
    """
    templates = load_templates(folder, shared=shared)
    values = {
        "show": show,
        "item": item,
        "picture": picture,
        "subject": subject,
        "content": item.content,
        "content_text": content_text,
        "t": load_translations(show.language, show.timezone, folder, templates.digest, shared),
    }
    html, body, text = (
        templates.render(f"newsletter/{name}", values) for name in ("mail.html", "body.html", "mail.txt")
    )
    return MailContent(subject=subject, html=f"{html.strip()}\n", html_body=body.strip(), text=f"{text.strip()}\n")
