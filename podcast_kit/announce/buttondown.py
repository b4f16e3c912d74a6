"""Puts a mail about an episode among the drafts at Buttondown, a newsletter service; it is never sent."""

from __future__ import annotations

import json
import re
from typing import Any, ClassVar
from urllib.parse import quote

from podcast_kit.announce.api import ApiCaller, PostError
from podcast_kit.announce.networks import Draft, Network, SentPost
from podcast_kit.announce.newsletter import split_mail_text
from podcast_kit.model import PostRecord

BUTTONDOWN_KEY_VARIABLE = "PODCAST_KIT_BUTTONDOWN_KEY"
BUTTONDOWN_API = "https://api.buttondown.com"
BUTTONDOWN_VERSION = "2026-04-01"
"""From this version on, a mail without a status is a draft, and sending needs a confirmation that is never given."""
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND = 401, 403, 404
_TEMPLATE_TAG = re.compile(r"\{(?=[{%#])")
_WORD_JOINER = "\u2060"
"""Invisible; between two braces, it keeps them from being read as a tag of Buttondown's templates."""


class ButtondownNetwork(Network):
    """The drafts of a newsletter."""

    name: ClassVar[str] = "buttondown"
    label: ClassVar[str] = "Buttondown draft"
    secret_variables: ClassVar[tuple[str, ...]] = (BUTTONDOWN_KEY_VARIABLE,)
    secret_fix: ClassVar[str] = (
        f"copy the key from https://buttondown.com/settings/api, and set {BUTTONDOWN_KEY_VARIABLE} to it"
    )
    can_repeat: ClassVar[bool] = True
    can_update: ClassVar[bool] = True
    can_withdraw: ClassVar[bool] = True
    is_mail: ClassVar[bool] = True
    max_len: ClassVar[int] = 0

    def send(self, draft: Draft) -> SentPost:
        """Create the draft."""
        answer = self._call("POST", "", {**_mail_fields(draft), "status": "draft", "canonical_url": draft.url})
        post = _parse_email(answer)
        if not post:
            raise PostError("Buttondown does not say which draft it made", "look at your drafts", is_doubtful=True)
        return post

    def find_sent(self, draft: Draft) -> SentPost | None:
        """The newest mail whose source is the episode's page; it may have been sent since."""
        answer = self._call("GET", "?ordering=-creation_date", None)
        rows = answer.get("results") if isinstance(answer, dict) else None
        for row in rows if isinstance(rows, list) else ():
            if isinstance(row, dict) and row.get("canonical_url") == draft.url:
                return _parse_email(row)
        return None

    def update(self, record: PostRecord, draft: Draft) -> SentPost:
        """Replace subject and text of the draft; a mail that was sent stays as it is."""
        self._require_draft(record)
        self._call("PATCH", f"/{quote(record.id, safe='')}", _mail_fields(draft))
        return SentPost(id=record.id, url=record.url)

    def withdraw(self, record: PostRecord) -> None:
        """Delete the draft."""
        try:
            self._require_draft(record)
            self._call("DELETE", f"/{quote(record.id, safe='')}", None)
        except PostError as error:
            if error.status != _NOT_FOUND:
                raise

    def _require_draft(self, record: PostRecord) -> None:
        answer = self._call("GET", f"/{quote(record.id, safe='')}", None)
        status = answer.get("status") if isinstance(answer, dict) else None
        if status != "draft":
            text = "the mail is not a draft any more: it was sent, or is about to be"
            raise PostError(text, "change it at https://buttondown.com/emails", is_final=True)

    def _call(self, method: str, path: str, fields: dict[str, Any] | None) -> Any:  # noqa: ANN401
        headers = {
            "Authorization": f"Token {self.secret(BUTTONDOWN_KEY_VARIABLE)}",
            "X-API-Version": BUTTONDOWN_VERSION,
            **({"Content-Type": "application/json"} if fields else {}),
        }
        caller = ApiCaller(self.http, f"{BUTTONDOWN_API}/v1/emails", headers, shown_name="Buttondown")
        content = json.dumps(fields).encode() if fields else None
        try:
            return caller.call(path, method=method, content=content, needs_json=method != "DELETE")
        except PostError as error:
            if error.status in {_UNAUTHORIZED, _FORBIDDEN}:
                text = f"Buttondown does not accept {BUTTONDOWN_KEY_VARIABLE}: it is wrong, or was revoked"
                raise PostError(text, self.secret_fix, status=error.status, reason=error.reason) from None
            raise


def _mail_fields(draft: Draft) -> dict[str, str]:
    subject, body = (_TEMPLATE_TAG.sub(f"{{{_WORD_JOINER}", part) for part in split_mail_text(draft.text))
    return {"subject": subject, "body": body}


def _parse_email(answer: Any) -> SentPost | None:  # noqa: ANN401
    post_id = answer.get("id") if isinstance(answer, dict) else None
    if not isinstance(post_id, str) or not post_id:
        return None
    return SentPost(id=post_id[:200])
