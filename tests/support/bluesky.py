"""A server on loopback that answers as a PDS of Bluesky does: sessions, blobs, and records that it checks."""

import hashlib
import json
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qsl, urlsplit

from podcast_kit.text.graphemes import count_graphemes

HANDLE = "pod.example"
PASSWORD = "abcd-efgh-ijkl-mnop"
COLLECTION = "app.bsky.feed.post"
TID_LETTERS = "234567abcdefghijklmnopqrstuvwxyz"
DID = "did:plc:abcdefghijklmnopqrstuvwx"


class Pds:
    """What the server has and was asked; a test may let it fail."""

    def __init__(self):
        self.url = ""
        self.posts = {}
        self.blobs = {}
        self.requests = []
        self.sessions = []
        self.commits = 0
        self.answers = []
        """What the next calls of a method get instead: (method, status, headers, document)."""
        self.after_put = lambda: None
        """Called when a post is stored, before the answer is sent."""

    def answer(self, name, query, headers, body):
        """Status, headers and document."""
        for planned in self.answers:
            if planned[0] == name:
                self.answers.remove(planned)
                return planned[1:]
        if name == "com.atproto.server.createSession":
            login = json.loads(body)
            if login != {"identifier": HANDLE, "password": PASSWORD}:
                return 401, {}, {"error": "AuthenticationRequired", "message": "Invalid identifier or password"}
            self.sessions.append(f"jwt-{len(self.sessions)}")
            return 200, {}, {"accessJwt": self.sessions[-1], "did": DID, "handle": HANDLE}
        if headers.get("Authorization") != f"Bearer {self.sessions[-1] if self.sessions else ''}":
            return 400, {}, {"error": "ExpiredToken", "message": "Token has expired"}
        return getattr(self, name.rpartition(".")[2])(query, headers, body)

    def uploadBlob(self, _query, headers, body):  # noqa: N802 - the method's name
        digest = hashlib.sha256(body).hexdigest()
        self.blobs[digest] = body
        blob = {"$type": "blob", "ref": {"$link": digest}, "mimeType": headers["Content-Type"], "size": len(body)}
        return 200, {}, {"blob": blob}

    def putRecord(self, _query, _headers, body):  # noqa: N802
        call = json.loads(body)
        record = call["record"]
        reason = self.refusal(call, record)
        if reason:
            return 400, {}, {"error": "InvalidRequest", "message": reason}
        self.commits += self.posts.get(call["rkey"]) != record
        self.posts[call["rkey"]] = record
        self.after_put()
        return 200, {}, {"uri": f"at://{DID}/{call['collection']}/{call['rkey']}", "cid": "bafyrei"}

    def refusal(self, call, record):
        """What is wrong with a post; empty if nothing is."""
        data = record["text"].encode()
        external = record["embed"]["external"]
        thumb = external.get("thumb")
        reasons = {
            "Invalid collection": call["repo"] != DID or not call["collection"] == record["$type"] == COLLECTION,
            "Invalid record key": len(call["rkey"]) != 13 or set(call["rkey"]) - set(TID_LETTERS),
            "Record/text must not be longer than 3000 bytes": len(data) > 3000,
            "Record/text must not be longer than 300 graphemes": count_graphemes(record["text"]) > 300,
            "createdAt must be a datetime": not record["createdAt"].endswith("Z"),
            "Record/embed/external must have its properties": not {"uri", "title", "description"} <= external.keys(),
            "BlobTooLarge": thumb and (thumb["size"] > 1_000_000 or thumb["ref"]["$link"] not in self.blobs),
        }
        last_end = 0
        for facet in record["facets"]:
            start, end = facet["index"]["byteStart"], facet["index"]["byteEnd"]
            [feature] = facet["features"]
            text = data[start:end].decode()
            reasons[f"Invalid facet {text}"] = start < last_end or text != feature.get("uri", f"#{feature.get('tag')}")
            last_end = end
        return ", ".join(reason for reason, applies in reasons.items() if applies)

    def getRecord(self, query, _headers, _body):  # noqa: N802
        if query["rkey"] not in self.posts:
            return 400, {}, {"error": "RecordNotFound", "message": "Could not locate record"}
        return 200, {}, {"uri": f"at://{DID}/{query['collection']}/{query['rkey']}", "value": self.posts[query["rkey"]]}

    def deleteRecord(self, _query, _headers, body):  # noqa: N802
        self.posts.pop(json.loads(body)["rkey"], None)
        return 200, {}, {}


@contextmanager
def running():
    """A running server."""
    pds = Pds()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            parts = urlsplit(self.path)
            name = parts.path.removeprefix("/xrpc/")
            pds.requests.append(name)
            status, headers, document = pds.answer(name, dict(parse_qsl(parts.query)), self.headers, body)
            data = document if isinstance(document, bytes) else json.dumps(document).encode()
            self.send_response(status)
            for key, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(key, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_GET(self):
            self.do_POST()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    pds.url = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield pds
    finally:
        server.shutdown()
        server.server_close()
