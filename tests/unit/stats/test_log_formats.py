"""Every log format: recognized by its content, and read field by field."""

import json
import random
from datetime import UTC, datetime

import duckdb
import pytest

from podcast_kit.stats import ingest
from podcast_kit.stats.log_sources import LogFile
from podcast_kit.stats.record import request_parts
from podcast_kit.stats.sources import recognize
from podcast_kit.stats.sources.log_formats import FASTLY_LINE

NOW = datetime(2026, 11, 28, 19, tzinfo=UTC)
MP3 = "/media/0f3a/001-a.mp3"
AGENT = 'AntennaPod/3.4 "x"'
CADDY = {
    "level": "info",
    "ts": 1795892699.5,
    "logger": "http.log.access",
    "msg": "handled request",
    "request": {
        "remote_ip": "192.0.2.1",
        "client_ip": "192.0.2.1",
        "method": "GET",
        "uri": f"{MP3}?x=1",
        "headers": {"User-Agent": [AGENT], "Range": ["bytes=100-"], "Referer": ["https://pod.example/?q=me"]},
    },
    "size": 5000,
    "status": 206,
}
CLOUDFLARE = {
    "ClientIP": "2001:db8::1",
    "ClientRequestMethod": "GET",
    "ClientRequestURI": MP3,
    "EdgeResponseStatus": 200,
    "EdgeResponseBytes": 5000,
    "EdgeStartTimestamp": 1795892699500000000,
    "ClientRequestUserAgent": AGENT,
    "ClientRequestReferer": "",
    "ClientCountry": "de",
    "RayID": "8f1",
}
AZURE = {
    "time": "2026-11-28T19:04:59.5000000Z",
    "category": "StorageRead",
    "operationName": "GetBlob",
    "statusCode": 206,
    "callerIpAddress": "192.0.2.1:5012",
    "correlationId": "7e1",
    "uri": f"https://pod.blob.core.windows.net{MP3}?sv=1",
    "properties": {"userAgentHeader": AGENT, "responseBodySize": 5000, "referrerHeader": "https://pod.example/"},
}
CLOUDFRONT = {
    "date": "2026-11-28",
    "time": "19:04:59",
    "c-ip": "192.0.2.1",
    "cs-method": "GET",
    "cs-uri-stem": MP3,
    "sc-status": "206",
    "sc-bytes": "5000",
    "cs(Referer)": "-",
    "cs(User-Agent)": "AntennaPod/3.4%20%22x%22",
    "x-edge-request-id": "abc==",
    "sc-range-start": "100",
    "sc-range-end": "5099",
    "c-country": "DE",
}
NGINX = {
    "time_iso8601": "2026-11-28T20:04:59+01:00",
    "remote_addr": "192.0.2.1",
    "request": f"GET {MP3} HTTP/2.0",
    "status": "206",
    "body_bytes_sent": "5000",
    "http_referer": "",
    "http_user_agent": AGENT,
}
APACHE = {"time": "[28/Nov/2026:20:04:59 +0100]", "clientip": "192.0.2.1", "verb": "GET", "request_path": MP3}
APACHE |= {"response": 206, "bytes": 5000, "referrer": "-", "agent": AGENT, "range": "bytes=100-5099"}
GCS_HEADER = (
    '"time_micros","c_ip","c_ip_type","c_ip_region","cs_method","cs_uri","sc_status","cs_bytes","sc_bytes",'
    '"time_taken_micros","cs_host","cs_referer","cs_user_agent","s_request_id","cs_operation","cs_bucket","cs_object"'
)
GCS = (
    f'"1795892699500000","192.0.2.1","1","","GET","{MP3}","206","0","5000","20","storage.googleapis.com","",'
    '"AntennaPod/3.4 ""x""","AEnB","GET_Object","pod","media/0f3a/001-a.mp3"'
)
AZURE_CLASSIC = (
    f'1.0;2026-11-28T19:04:59.5000000Z;GetBlob;AnonymousSuccess;206;17;16;anonymous;;pod;blob;"https://pod.blob.core.'
    f'windows.net{MP3}?a=1&amp;b=2";"/pod{MP3}";61d2e3f6;0;192.0.2.1:4362;2014-02-14;283;0;354;5000;0;;;'
    '""0x8D15A2E913C934E"";Thursday, 19-Jun-14 22:58:10 GMT;;"AntennaPod/3.4 &quot;x&quot;";;"44dfd78e"'
)
BUNNY = f"HIT|206|1795892699500|5000|390|192.0.2.0|-|https://pod.b-cdn.net{MP3}?t=1|DE|{AGENT}|322b688b|DE"
COMBINED = f'192.0.2.1 - - [28/Nov/2026:20:04:59 +0100] "GET {MP3}?x HTTP/1.1" 206 5000 "-" "AntennaPod/3.4 \\"x\\""'
FASTLY = {"fastly_edge": True, "time": "2026-11-28T19:04:59+0000", "address": "192.0.2.1", "method": "GET"}
FASTLY |= {"path": MP3, "status": 206, "bytes": 5000, "range": "bytes=100-5099", "referrer": "", "agent": AGENT}
FASTLY |= {"country": "DE"}
TSV = "\t".join(CLOUDFRONT.values())
ROW = {
    "at": "2026-11-28 19:04:59",
    "agent": AGENT,
    "method": "GET",
    "path": MP3,
    "status": 206,
    "bytes_sent": 5000,
    "range_start": None,
    "range_end": None,
    "country": None,
    "referrer": None,
}
RANGE = {"range_start": 100, "range_end": 5099}
FORMATS = {
    "combined": (COMBINED, ROW),
    "combined with range": (f'{COMBINED} "bytes=100-5099"', ROW | RANGE),
    "virtual host": (f"pod.example:443 {COMBINED}", ROW),
    "nginx json": (json.dumps(NGINX), ROW),
    "apache json": (json.dumps(APACHE), ROW | RANGE),
    "caddy": (json.dumps(CADDY), ROW | {"range_start": 100, "referrer": "https://pod.example/"}),
    "cloudflare": (json.dumps(CLOUDFLARE), ROW | {"status": 200, "country": "DE"}),
    "cloudflare with range": (
        json.dumps(CLOUDFLARE | {"EdgeResponseStatus": 206, "RequestHeaders": {"range": "bytes=100-5099"}}),
        ROW | RANGE | {"country": "DE"},
    ),
    "fastly": (json.dumps(FASTLY), ROW | RANGE | {"country": "DE"}),
    "azure": (json.dumps(AZURE), ROW | {"referrer": "https://pod.example/"}),
    "azure classic": (AZURE_CLASSIC, ROW),
    "bunny": (BUNNY, ROW | {"method": None, "country": "DE"}),
    "gcs": (f"{GCS_HEADER}\n{GCS}", ROW),
    "cloudfront": (f"#Version: 1.0\n#Fields: {' '.join(CLOUDFRONT)}\n{TSV}", ROW | RANGE | {"country": "DE"}),
    "cloudfront json": (json.dumps(CLOUDFRONT), ROW | RANGE | {"country": "DE"}),
}


class Salts:
    def salt_of_month(self, month):
        return month.encode() * 4


def read_log(tmp_path, text):
    """(requests as dictionaries, the result)."""
    log, data = tmp_path / "log", tmp_path / "data"
    log.write_text(text, newline="\n")
    result = ingest.ingest_logs(data, [LogFile(log, "log", "")], salts=Salts(), now=NOW)
    rows = []
    with duckdb.connect() as database:
        for paths in request_parts(data).values():
            cursor = database.execute(
                'SELECT CAST(date_trunc(\'second\', "at") AS VARCHAR) AS "at", * EXCLUDE "at" FROM read_parquet(?)',
                [[str(path) for path in paths]],
            )
            names = [column[0] for column in cursor.description]
            rows += [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return rows, result


@pytest.mark.parametrize("name", FORMATS)
def test_every_field_of_a_line_is_read(tmp_path, name):
    text, expected = FORMATS[name]
    (row,), result = read_log(tmp_path, f"{text}\n")
    assert result.problems == []
    assert {key: row[key] for key in expected} == expected
    log_format = result.logs[0].log_format
    assert log_format.has_ranges == (expected["range_start"] is not None)
    assert log_format.has_methods == (expected["method"] is not None)
    assert (row["request_id"] is not None) == (log_format.has_request_ids and name not in {"nginx json", "apache json"})
    assert row["listener"] is not None


@pytest.mark.parametrize("name", FORMATS)
def test_address_of_a_private_feed_is_kept_of_no_format(tmp_path, name):
    text, expected = FORMATS[name]
    token = "abcdefghijklmnopqrstuvwxyz234567"
    private = text.replace(expected["path"].removeprefix("/"), f"private/{token}.xml")
    assert token in private
    rows, _ = read_log(tmp_path, f"{private}\n")
    assert [row["path"] for row in rows] == ["/private/..."]
    assert token not in str(rows)


def test_same_address_is_the_same_listener_in_every_format(tmp_path):
    listeners = set()
    for name in FORMATS.keys() - {"bunny", "cloudflare", "cloudflare with range"}:
        folder = tmp_path / name
        folder.mkdir()
        (row,), _ = read_log(folder, f"{FORMATS[name][0]}\n")
        listeners.add(row["listener"])
    assert len(listeners) == 1


@pytest.mark.parametrize("name", FORMATS)
def test_a_damaged_line_is_malformed_or_reads_the_same(tmp_path, name):
    """Cut at any byte, or with a byte changed, a line never becomes a request of another file or size."""
    *head, line = FORMATS[name][0].split("\n")
    cuts = sorted(random.Random(name).sample(range(1, len(line)), min(40, len(line) - 1)))
    rows, result = read_log(tmp_path, "\n".join([*head, line, *(line[:cut] for cut in cuts)]) + "\n")
    problems = [problem.code for problem in result.problems]
    assert problems in ([], ["log.lines"])
    malformed = result.logs[0].malformed.count
    assert len(rows) + malformed + result.repeated_lines == len(cuts) + 1
    whole = rows[0]
    assert {row["path"] for row in rows if row["path"] != whole["path"]} == set()
    assert malformed > len(cuts) / 2


def test_lines_that_are_not_requests_are_no_problem(tmp_path):
    lines = [
        json.dumps(CADDY),
        json.dumps(CADDY | {"msg": "server running"}),
    ]
    rows, result = read_log(tmp_path, "\n".join(lines) + "\n")
    assert (len(rows), result.problems) == (1, [])


def test_range_header_of_a_whole_answer_is_ignored(tmp_path):
    (row,), _ = read_log(tmp_path, json.dumps(FASTLY | {"status": 200}) + "\n")
    assert (row["range_start"], row["range_end"]) == (None, None)


@pytest.mark.parametrize(
    "header", ["bytes=0-1,5-9", "bytes=-500", "bytes=x-", "items=0-5", "bytes=99999999999999999999-"]
)
def test_unclear_ranges_are_unknown(tmp_path, header):
    (row,), _ = read_log(tmp_path, json.dumps(FASTLY | {"range": header}) + "\n")
    assert (row["range_start"], row["range_end"]) == (None, None)


def test_sql_in_a_log_stays_text(tmp_path):
    agent = "'); DROP TABLE logs; -- ${x} {i} %s"
    (row,), _ = read_log(tmp_path, json.dumps(NGINX | {"http_user_agent": agent}) + "\n")
    assert row["agent"] == agent


@pytest.mark.parametrize(
    "text", ["", "\n\n", "{}\n", '{"a": 1}\n', "[1]\n", "null\n", "{" * 5000, "#Fields: a b\n1 2\n"]
)
def test_no_other_text_is_taken_for_a_log(text):
    assert recognize.recognize_format(text) is None


def test_fastly_line_is_json_once_its_variables_have_values():
    values = {'%{if(req.http.Fastly-FF, "false", "true")}V': "true", "%>s": "200", "%{resp.body_bytes_written}V": "1"}
    line = FASTLY_LINE
    for variable, value in values.items():
        assert variable in line
        line = line.replace(variable, value)
    assert json.loads(line).keys() == FASTLY.keys()
