"""Posts in a channel of Slack, and of servers with the same webhooks, such as Mattermost."""

from __future__ import annotations

import html
import json
from typing import ClassVar

from podcast_kit.announce.api import ApiCaller, PostError
from podcast_kit.announce.networks import Draft, Network, SentPost
from podcast_kit.announce.webhook_urls import hook_moved_fix, read_webhook_url

SLACK_WEBHOOK_VARIABLE = "PODCAST_KIT_SLACK_WEBHOOK"
SLACK_MAX_LEN = 4000
"""What Slack recommends at most; it cuts longer texts (https://docs.slack.dev/messaging/)."""
_JSON_HEADERS = {"Content-Type": "application/json"}
_REVOKED_REASONS = frozenset({"no_service", "no_service_id", "no_team", "team_disabled", "invalid_token"})
_FIXES = {
    "channel_is_archived": "restore the channel, or create a webhook for another one",
    "channel_not_found": "create a webhook for a channel that exists",
    "action_prohibited": "ask an administrator of the workspace to allow the webhook to post",
    "posting_to_general_channel_denied": "ask an administrator of the workspace to allow the webhook to post",
}


class SlackNetwork(Network):
    """The channel of the webhook. Slack does not say which message it posted, so it cannot be changed later."""

    name: ClassVar[str] = "slack"
    label: ClassVar[str] = "Slack"
    secret_variables: ClassVar[tuple[str, ...]] = (SLACK_WEBHOOK_VARIABLE,)
    secret_fix: ClassVar[str] = (
        "create an app with an incoming webhook at https://api.slack.com/apps, "
        f"and set {SLACK_WEBHOOK_VARIABLE} to its address"
    )
    can_repeat: ClassVar[bool] = False
    max_len: ClassVar[int] = SLACK_MAX_LEN

    def escape(self, text: str) -> str:
        """A title or summary as Slack wants it; `<!channel>` in it notifies no one."""
        return html.escape(text, quote=False)

    def measure(self, text: str) -> int:
        """Units of UTF-16: an emoji is two."""
        return len(text.encode("utf-16-le", "surrogatepass")) // 2

    def send(self, draft: Draft) -> SentPost:
        """Post it; Slack shows a preview of the page."""
        fields = {"text": draft.text, "unfurl_links": True}
        moved_fix = hook_moved_fix(self)
        caller = ApiCaller(self.http, read_webhook_url(self), _JSON_HEADERS, shown_name="Slack", moved_fix=moved_fix)
        try:
            caller.call("", method="POST", content=json.dumps(fields).encode(), needs_json=False)
        except PostError as error:
            if error.reason in _REVOKED_REASONS:
                text = f"Slack does not accept {SLACK_WEBHOOK_VARIABLE}: it is wrong, or the webhook was removed"
                raise PostError(text, self.secret_fix, status=error.status, reason=error.reason) from None
            if fix := _FIXES.get(error.reason):
                raise PostError(error.text, fix, status=error.status, reason=error.reason) from None
            raise
        return SentPost(id="")
