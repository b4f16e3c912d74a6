"""Telegram, Discord, Slack, Buttondown and any webhook, on loopback: each refuses what its documentation refuses.

They keep what was posted, as the services do, and record every request. What is in `faults` is answered first:
a (status, headers, body), or None to close the connection without an answer after the request was carried out.
"""

import json
import re
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

TELEGRAM_TOKEN = "123456789:AAF-telegram-token_of-the-test-bot1"
DISCORD_PATH = "/api/webhooks/1122334455/discord-webhook-secret"
SLACK_PATH = "/services/T000/B000/slack-webhook-secret"
WEBHOOK_PATH = "/hooks/webhook-secret"
BUTTONDOWN_KEY = "buttondown-key-0001"
RATE_LIMITED = {
    "telegram": (
        429,
        {},
        {"ok": False, "error_code": 429, "description": "Too Many Requests", "parameters": {"retry_after": 1}},
    ),
    "discord": (429, {}, {"message": "You are being rate limited.", "retry_after": 0.4, "global": False}),
    "slack": (429, {"Retry-After": "1"}, b"rate_limited"),
    "webhook": (429, {"Retry-After": "1"}, b""),
    "buttondown": (429, {"Retry-After": "1"}, {"detail": "Request was throttled."}),
}


def utf16_len(text):
    return len(text.encode("utf-16-le")) // 2


class Service:
    """One service; a subclass says what it answers."""

    def __init__(self):
        self.requests, self.faults, self.posts, self.violations = [], [], {}, []
        self.next_id = 1
        self.feeds, self.read_feed = [], None
        """What the public feed had at each request, if a test says how to read it."""

    def require(self, condition, violation):
        """Remember what no request may do."""
        if not condition:
            self.violations.append(violation)

    def add_post(self, post):
        number, self.next_id = self.next_id, self.next_id + 1
        self.posts[number] = post
        return number


class Telegram(Service):
    """https://core.telegram.org/bots/api"""

    def answer(self, method, url, headers, body):  # noqa: PLR0911  # one for each thing that can be wrong
        token, _, name = url.path.removeprefix("/bot").partition("/")
        if token != TELEGRAM_TOKEN:
            return self.refuse(401, "Unauthorized")
        if method != "POST" or headers["Content-Type"] != "application/json":
            return self.refuse(400, "Bad Request: message text is empty")
        fields = json.loads(body)
        if fields.get("chat_id") not in ("@pod_news", "-100123"):
            return self.refuse(400, "Bad Request: chat not found")
        if "text" in fields and utf16_len(fields["text"]) > 4096:
            return self.refuse(400, "Bad Request: message is too long")
        if name == "sendMessage":
            if not fields["text"].strip():
                return self.refuse(400, "Bad Request: message text is empty")
            number = self.add_post(fields["text"])
        elif (number := fields.get("message_id")) not in self.posts:
            action = {"editMessageText": "edit", "deleteMessage": "delete"}[name]
            return self.refuse(400, f"Bad Request: message to {action} not found")
        elif name == "deleteMessage":
            del self.posts[number]
            return 200, {}, {"ok": True, "result": True}
        elif self.posts[number] == fields["text"]:
            return self.refuse(400, "Bad Request: message is not modified: specified new message content is the same")
        else:
            self.posts[number] = fields["text"]
        is_public = fields["chat_id"].startswith("@")
        chat = {"id": -100123, "type": "channel", **({"username": "pod_news"} if is_public else {})}
        return 200, {}, {"ok": True, "result": {"message_id": number, "chat": chat, "text": self.posts[number]}}

    def refuse(self, status, description):
        return status, {}, {"ok": False, "error_code": status, "description": description}


class Discord(Service):
    """https://discord.com/developers/docs/resources/webhook"""

    def answer(self, method, url, headers, body):  # noqa: PLR0911  # one for each thing that can be wrong
        if not url.path.startswith(DISCORD_PATH):
            return 404, {}, {"message": "Unknown Webhook", "code": 10015}
        number = url.path.removeprefix(DISCORD_PATH).removeprefix("/messages/")
        if number and (not number.isdecimal() or int(number) not in self.posts):
            return 404, {}, {"message": "Unknown Message", "code": 10008}
        if method == "DELETE":
            del self.posts[int(number)]
            return 204, {}, b""
        fields = json.loads(body)
        content = fields.get("content", "")
        if headers["Content-Type"] != "application/json" or not content.strip():
            return 400, {}, {"message": "Cannot send an empty message", "code": 50006}
        if utf16_len(content) > 2000:
            return 400, {}, {"message": "Invalid Form Body", "code": 50035, "errors": {"content": {}}}
        self.require(fields["allowed_mentions"] == {"parse": []}, "somebody would be notified")
        if method == "PATCH":
            self.posts[int(number)] = content
        else:
            number = self.add_post(content)
        if "wait" not in parse_qs(url.query) and method == "POST":
            return 204, {}, b""
        return 200, {}, {"id": str(number), "channel_id": "99", "content": content, "mentions": []}


class Slack(Service):
    """https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks"""

    def answer(self, method, url, headers, body):  # one for each thing that can be wrong
        if url.path != SLACK_PATH:
            return 404, {}, b"no_service"
        try:
            fields = json.loads(body)
        except ValueError:
            return 400, {}, b"invalid_payload"
        if method != "POST" or headers["Content-Type"] != "application/json":
            return 400, {}, b"invalid_payload"
        if not fields.get("text"):
            return 400, {}, b"no_text"
        self.require(utf16_len(fields["text"]) <= 4000, "longer than Slack recommends")
        self.add_post(fields["text"])
        return 200, {}, b"ok"

    @property
    def mentions(self):
        """What would notify people: `<!channel>`, `<@U123>` and `<!subteam^S1>`."""
        return [mention for text in self.posts.values() for mention in re.findall(r"<[!@][^>]*>", text)]


class Webhook(Service):
    """Takes anything at one address."""

    def answer(self, method, url, headers, body):  # one for each thing that can be wrong
        if url.path != WEBHOOK_PATH:
            return 404, {}, b"<html>Not Found</html>"
        self.add_post((method, headers["Content-Type"], headers.get("Authorization"), body.decode()))
        return 202, {}, b"accepted"


class Buttondown(Service):
    """https://docs.buttondown.com/api-emails-create"""

    def answer(self, method, url, headers, body):  # noqa: PLR0911  # one for each thing that can be wrong
        if headers.get("Authorization") != f"Token {BUTTONDOWN_KEY}":
            return 401, {}, {"detail": "Invalid token."}
        number = url.path.removeprefix("/v1/emails").strip("/")
        if number and number not in self.posts:
            return 404, {}, {"detail": "Not found."}
        if method == "GET" and not number:
            results = list(reversed(self.posts.values()))
            return 200, {}, {"results": results, "count": len(results)}
        if method == "GET":
            return 200, {}, self.posts[number]
        if method == "DELETE":
            del self.posts[number]
            return 204, {}, b""
        fields = json.loads(body)
        self.require(fields.get("status", "draft") == "draft", "the mail would be sent")
        self.require("X-Buttondown-Live-Dangerously" not in headers, "the mail would be sent")
        if not fields["subject"] or len(fields["subject"]) > 2000:
            return 400, {}, {"code": "subject_invalid", "detail": "The subject provided is invalid or missing."}
        if method == "PATCH":
            self.posts[number] |= fields
            return 200, {}, self.posts[number]
        number = f"em_{self.add_post(None)}"
        self.posts = {key: post for key, post in self.posts.items() if post} | {number: {"id": number, **fields}}
        return 201, {}, self.posts[number]


SERVICES = {
    "telegram": Telegram,
    "discord": Discord,
    "slack": Slack,
    "webhook": Webhook,
    "buttondown": Buttondown,
}


@contextmanager
def serve_chats():
    """The URL of a server per service, and the services by name; requests are (method, path, headers, body)."""
    services = {name: service() for name, service in SERVICES.items()}
    servers = {name: _make_server(service) for name, service in services.items()}
    threads = [Thread(target=server.serve_forever, args=(0.01,)) for server in servers.values()]
    for thread in threads:
        thread.start()
    try:
        yield {name: f"http://127.0.0.1:{server.server_port}" for name, server in servers.items()}, services
    finally:
        for server, thread in zip(servers.values(), threads, strict=True):
            server.shutdown()
            server.server_close()
            thread.join()


def _make_server(service):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            service.requests.append((self.command, self.path, dict(self.headers), body))
            if service.read_feed:
                service.feeds.append(service.read_feed())
            fault = service.faults.pop(0) if service.faults else ()
            status, headers, answer = fault or service.answer(self.command, urlsplit(self.path), self.headers, body)
            if fault is None:
                self.close_connection = True
                return
            data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_PATCH = do_DELETE = do_PUT = do_POST  # noqa: N815  # http.server's own naming

        def log_message(self, *_):
            pass

    return ThreadingHTTPServer(("127.0.0.1", 0), Handler)


def chat_environment(urls):
    """The environment variables with which podcast-kit posts to these servers."""
    return {
        "PODCAST_KIT_TELEGRAM_TOKEN": TELEGRAM_TOKEN,
        "PODCAST_KIT_DISCORD_WEBHOOK": urls["discord"] + DISCORD_PATH,
        "PODCAST_KIT_SLACK_WEBHOOK": urls["slack"] + SLACK_PATH,
        "PODCAST_KIT_WEBHOOK_URL": urls["webhook"] + WEBHOOK_PATH,
        "PODCAST_KIT_BUTTONDOWN_KEY": BUTTONDOWN_KEY,
    }
