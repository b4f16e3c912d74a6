"""An access log as each service writes it."""

import csv
import html
import io
import json
from urllib.parse import quote

from tests.support.counted_shows import combined_line

HEADER_BYTES = 380
"""Of an answer, which CloudFront and Cloudflare add to its size."""


def range_header(request):
    if request.range_start is None:
        return ""
    return f"bytes={request.range_start}-{'' if request.range_end is None else request.range_end}"


def iso_time(request):
    return request.at.strftime("%Y-%m-%dT%H:%M:%S.%f0Z")


def clf_time(request):
    return request.at.strftime("[%d/%b/%Y:%H:%M:%S +0000]")


def json_lines(documents):
    return "".join(json.dumps(document) + "\n" for document in documents)


def render_combined(log):
    return "".join(map(combined_line, log.requests))


def render_combined_with_range(log):
    lines = zip(map(combined_line, log.requests), log.requests, strict=True)
    return "".join(f'{line.rstrip()} "{range_header(request) or "-"}"\n' for line, request in lines)


def render_virtual_host(log):
    return "".join(f"pod.example:443 {combined_line(request)}" for request in log.requests)


def render_s3(log):
    lines = []
    for request in log.requests:
        key = quote(request.path.removeprefix("/"))
        size = request.bytes_sent or "-"
        fields = (
            f"79a5 pod {clf_time(request)} {request.address} - {request.request_id} REST.{request.method}.OBJECT {key}"
        )
        answer = f'"{request.method} /{key} HTTP/1.1" {request.status} - {size} 999999 46 12'
        lines.append(f'{fields} {answer} "{request.referrer or "-"}" "{request.agent or "-"}" - hostid SigV4 TLS\n')
    return "".join(lines)


def cloudfront_rows(log):
    for request in log.requests:
        yield {
            "date": f"{request.at:%Y-%m-%d}",
            "time": f"{request.at:%H:%M:%S}",
            "x-edge-location": "FRA56",
            "sc-bytes": str(request.bytes_sent + HEADER_BYTES),
            "c-ip": request.address,
            "cs-method": request.method,
            "cs-uri-stem": request.path,
            "sc-status": str(request.status),
            "cs(Referer)": quote(request.referrer, safe=":/") or "-",
            "cs(User-Agent)": quote(request.agent, safe="()/;") or "-",
            "x-edge-request-id": request.request_id + "==",
            "sc-range-start": "-" if request.range_start is None else str(request.range_start),
            "sc-range-end": "-" if request.range_end is None else str(request.range_end),
        }


def render_cloudfront(log):
    rows = list(cloudfront_rows(log))
    head = f"#Version: 1.0\n#Fields: {' '.join(rows[0])}\n"
    return head + "".join("\t".join(row.values()) + "\n" for row in rows)


def render_cloudfront_json(log):
    return json_lines(cloudfront_rows(log))


def cloudflare_rows(log):
    for request in log.requests:
        yield {
            "ClientIP": request.address,
            "ClientRequestMethod": request.method,
            "ClientRequestURI": request.path,
            "EdgeResponseStatus": request.status,
            "EdgeResponseBytes": request.bytes_sent + HEADER_BYTES,
            "EdgeStartTimestamp": iso_time(request),
            "ClientRequestUserAgent": request.agent,
            "ClientRequestReferer": request.referrer,
            "ClientCountry": request.country.lower(),
            "RayID": request.request_id,
        }


def render_cloudflare_with_range(log):
    rows = zip(cloudflare_rows(log), log.requests, strict=True)
    return json_lines(row | {"RequestHeaders": {"range": range_header(request)}} for row, request in rows)


def render_fastly(log):
    return json_lines(
        {
            "fastly_edge": True,
            "time": request.at.strftime("%Y-%m-%dT%H:%M:%S+0000"),
            "address": request.address,
            "method": request.method,
            "path": request.path,
            "status": request.status,
            "bytes": request.bytes_sent,
            "range": range_header(request),
            "referrer": request.referrer,
            "agent": request.agent,
            "country": request.country,
        }
        for request in log.requests
    )


def render_caddy(log):
    documents = []
    for request in log.requests:
        headers = {"User-Agent": request.agent, "Range": range_header(request), "Referer": request.referrer}
        asked = {"remote_ip": request.address, "method": request.method, "uri": request.path}
        asked["headers"] = {name: [value] for name, value in headers.items() if value}
        message = {"level": "info", "ts": request.at.timestamp(), "msg": "handled request"}
        documents.append(message | {"request": asked, "status": request.status, "size": request.bytes_sent})
    return json_lines(documents)


def nginx_rows(log):
    for request in log.requests:
        yield {
            "time_iso8601": request.at.strftime("%Y-%m-%dT%H:%M:%S+00:00"),
            "remote_addr": request.address,
            "request": f"{request.method} {request.path} HTTP/2.0",
            "status": str(request.status),
            "body_bytes_sent": str(request.bytes_sent),
            "http_referer": request.referrer,
            "http_user_agent": request.agent,
        }


def render_nginx_json(log):
    return json_lines(nginx_rows(log))


def render_nginx_json_with_range(log):
    rows = zip(nginx_rows(log), log.requests, strict=True)
    return json_lines(row | {"http_range": range_header(request)} for row, request in rows)


def render_bunny(log):
    lines = []
    for request in log.requests:
        answer = (
            f"HIT|{request.status}|{round(request.at.timestamp() * 1000)}|{request.bytes_sent}|390|{request.address}"
        )
        asked = f"{request.referrer or '-'}|https://pod.b-cdn.net{request.path}|DE|{request.agent or '-'}"
        lines.append(f"{answer}|{asked}|{request.request_id}|DE\n")
    return "".join(lines)


GCS_COLUMNS = (
    *("time_micros", "c_ip", "c_ip_type", "c_ip_region", "cs_method", "cs_uri", "sc_status", "cs_bytes", "sc_bytes"),
    *("time_taken_micros", "cs_host", "cs_referer", "cs_user_agent", "s_request_id", "cs_operation", "cs_bucket"),
    "cs_object",
)


def render_gcs(log):
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(GCS_COLUMNS)
    for request in log.requests:
        micros = round(request.at.timestamp() * 1_000_000)
        who = (micros, request.address, 1, "", request.method, f"/pod{request.path}", request.status, 0)
        answer = (request.bytes_sent, 20, "storage.googleapis.com", request.referrer, request.agent, request.request_id)
        writer.writerow([*who, *answer, "GET_Object", "pod", request.path[1:]])
    return text.getvalue()


AZURE_OPERATIONS = {"GET": "GetBlob", "HEAD": "GetBlobProperties", "POST": "PutBlob"}


def render_azure(log):
    return json_lines(
        {
            "time": iso_time(request),
            "category": "StorageRead",
            "operationName": AZURE_OPERATIONS[request.method],
            "statusCode": request.status,
            "callerIpAddress": f"[{request.address}]:5012" if ":" in request.address else f"{request.address}:5012",
            "correlationId": request.request_id,
            "uri": f"https://pod.blob.core.windows.net{request.path}",
            "properties": {
                "userAgentHeader": request.agent,
                "responseBodySize": request.bytes_sent,
                "referrerHeader": request.referrer,
            },
        }
        for request in log.requests
    )


def render_azure_classic(log):
    lines = []
    for request in log.requests:
        address = f"[{request.address}]:4362" if ":" in request.address else f"{request.address}:4362"
        agent, referrer = html.escape(request.agent), html.escape(request.referrer)
        what = f"1.0;{iso_time(request)};{AZURE_OPERATIONS[request.method]};AnonymousSuccess;{request.status};17;16"
        where = (
            f'"https://pod.blob.core.windows.net{request.path}";"/pod{request.path}";{request.request_id};0;{address}'
        )
        sizes = f'2014-02-14;283;0;354;{request.bytes_sent};0;;;""0x8D15"";Thursday, 19-Jun-14 22:58:10 GMT'
        lines.append(f'{what};anonymous;;pod;blob;{where};{sizes};;"{agent}";"{referrer}";"44df"\n')
    return "".join(lines)


RENDERERS = {
    name.removeprefix("render_").replace("_", " "): renderer
    for name, renderer in sorted(globals().items())
    if name.startswith("render_")
}
WITH_RANGES = {"combined with range", "cloudfront", "cloudfront json", "cloudflare with range", "fastly", "caddy"}
WITH_RANGES |= {"nginx json with range"}
WITHOUT_METHODS = {"bunny"}
WITH_HEADER_BYTES = {"cloudfront", "cloudfront json", "cloudflare with range"}
