"""An episode as a mail: a file that mail programs open as a draft, and a draft at a newsletter service.

Nothing is sent: a person reads the mail first.
"""

from __future__ import annotations

import hashlib
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from pathlib import Path
from urllib.parse import urlsplit

from podcast_kit.builder import Build
from podcast_kit.model import Image, Item, Show, public_url
from podcast_kit.site import MailContent, render_newsletter
from podcast_kit.source.notes import feed_html_to_text
from podcast_kit.text.clean_line import clean_line
from podcast_kit.text.fit import fit_text

MAX_SUBJECT_LEN = 200
"""Characters; mail programs show about 60 of them."""
_SUBJECT_LABEL = "Subject: "


def compose_newsletter(
    show: Show, item: Item, *, folder: Path, shared: Path | None = None, picture: Image | None = None
) -> MailContent:
    """The mail about an episode: its notes with the prompts, as the feed has them."""
    return render_newsletter(
        show,
        item,
        subject=fit_text(clean_line(item.episode.title), MAX_SUBJECT_LEN),
        content_text=feed_html_to_text(item.content),
        folder=folder,
        shared=shared,
        picture=picture,
    )


def find_mail_picture(build: Build, item: Item) -> Image | None:
    """The episode's social card, or else its artwork, or that of the show."""
    card = build.outputs.get(f"episodes/{item.episode.slug}/card.jpg")
    if card is None:
        return item.artwork or build.artwork
    return Image(url=public_url(build.project.show.publish.url, card.key), key=card.key, mime=card.content_type)


def mail_text(mail: MailContent) -> str:
    """Subject and body as one text, as the plan shows it."""
    return f"{_SUBJECT_LABEL}{mail.subject}\n\n{mail.html_body}"


def split_mail_text(text: str) -> tuple[str, str]:
    """The subject and the body of a text of `mail_text`."""
    subject, _, body = text.partition("\n\n")
    return subject.removeprefix(_SUBJECT_LABEL), body


def render_mail_file(show: Show, item: Item, mail: MailContent) -> bytes:
    """The bytes of an .eml file, which opens as a draft without recipients; the same mail gives the same bytes.

    Date and Message-ID are those of the episode.
    """
    digest = hashlib.sha256(f"{show.guid}\0{item.guid}".encode()).hexdigest()[:32]
    message = EmailMessage(policy=SMTP)
    message["Subject"] = mail.subject
    if sender := show.contact.mail or show.owner_email:
        message["From"] = formataddr((clean_line(show.title), sender))
    message["Date"] = format_datetime(item.date)
    host = urlsplit(item.url).hostname or "localhost"
    message["Message-ID"] = f"<{digest}@{host.encode('idna').decode()}>"
    message["X-Unsent"] = "1"  # Outlook and Thunderbird open it for editing
    message.set_content(mail.text, cte="quoted-printable")
    message.add_alternative(mail.html, subtype="html", cte="quoted-printable")
    message["Content-Language"] = show.language
    message.set_boundary(f"=_{digest}")
    return message.as_bytes()
