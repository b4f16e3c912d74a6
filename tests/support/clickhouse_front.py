"""An HTTP server that answers as ClickHouse's interface does, with chdb: ClickHouse inside of this process.

`python tests/support/clickhouse_front.py FOLDER` prints its port. Queries come in the parameter `query` or in the body;
with both, the body is the data of an INSERT.
"""

import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from chdb import session

NOT_SETTINGS = {
    "query",
    "database",
    "session_id",
    "session_timeout",
    "query_id",
    "compress",
    "decompress",
    "user",
    "wait_end_of_query",
    "client_protocol_version",
    "buffer_size",
}
LOCK = threading.Lock()


class ClickHouseHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.answer(b"")

    def do_POST(self):
        self.answer(self.read_body())

    def read_body(self):
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def answer(self, body):
        parameters = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        query = parameters.get("query", "")
        data = body if query else b""
        query = query or body.decode()
        settings = ", ".join(
            f"{k} = '{v}'" for k, v in parameters.items() if k not in NOT_SETTINGS and "header" not in k
        )
        kind = parameters.get("default_format") or self.headers.get("X-ClickHouse-Format") or "TabSeparated"
        try:
            with LOCK:
                reply = run_query(query, data, parameters.get("database"), settings, kind)
            status = 200
        except Exception as error:  # noqa: BLE001  # as ClickHouse does: whatever is wrong becomes an answer
            reply, status = str(error).encode(), 500
        self.send_response(status)
        if status != 200:
            self.send_header("X-ClickHouse-Exception-Code", "62")
        self.send_header("X-ClickHouse-Format", kind)
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, *arguments):
        pass


def run_query(query, data, database, settings, kind):
    """The answer to a query, in its own format or else in this one."""
    global chdb_session  # noqa: PLW0602
    if database and database != "__default__":
        chdb_session.query(f"USE `{database}`")
    if data:
        head, _, name = query.rpartition("FORMAT")
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            kind_of_data = name.split()[0]
            columns = head[head.index("(") :].rstrip() if "(" in head else ""
            query = f"{head} SELECT {columns.strip('() ') or '*'} FROM file('{file.name}', '{kind_of_data}')"
            return chdb_session.query(f"{query} SETTINGS {settings}" if settings else query).bytes() or b""
    text = query.rstrip().rstrip(";")
    if " FORMAT " in text[-40:]:
        text, _, kind = text.rpartition(" FORMAT ")
    is_select = text.lstrip().upper().startswith(("SELECT", "WITH", "SHOW", "DESCRIBE"))
    if settings and is_select:
        text += f" SETTINGS {settings}"
    elif settings:
        for setting in settings.split(", "):
            chdb_session.query(f"SET {setting}")
    return chdb_session.query(text, kind.strip()).bytes() or b""


if __name__ == "__main__":
    chdb_session = session.Session(str(Path(sys.argv[1])))
    server = ThreadingHTTPServer(("127.0.0.1", 0), ClickHouseHandler)
    print(server.server_port, flush=True)
    server.serve_forever()
