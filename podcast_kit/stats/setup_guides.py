"""How to switch on access logs at each provider, and what they have to do with privacy."""

from __future__ import annotations

from dataclasses import dataclass

from podcast_kit.model import PublishSettings
from podcast_kit.stats.sources.log_formats import FASTLY_LINE


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupGuide:
    """The steps for one provider."""

    name: str
    title: str
    steps: tuple[str, ...]
    read: str
    """The command that reads the logs afterwards."""
    accuracy: str
    """What its logs can tell, and what not."""
    block: str = ""
    """Text to copy."""


PRIVACY_NOTES = (
    "Access logs have the addresses of listeners, which are personal data (GDPR): delete them after 30 to 90 days.",
    "podcast-kit stores no address: only a hash, whose secret is deleted when the month is final.",
    "Say in your privacy notice that downloads are counted from access logs, and how long these are kept.",
)
_CLOUDFLARE_FIELDS = (
    "ClientIP, ClientRequestMethod, ClientRequestURI, ClientRequestUserAgent, ClientRequestReferer, ClientCountry, "
    "EdgeResponseStatus, EdgeResponseBytes, EdgeStartTimestamp, RayID, WorkerSubrequest, RequestHeaders"
)
_EXPIRE = "Add a lifecycle rule to the log bucket that deletes objects after 60 days."
SETUP_GUIDES = {
    guide.name: guide
    for guide in (
        SetupGuide(
            name="s3",
            title="Amazon S3",
            steps=(
                "Create a bucket for logs in the same region and account; it must not be the show's bucket.",
                "Allow logging.s3.amazonaws.com to write to it: bucket policy, action s3:PutObject.",
                "Run `podcast-kit stats setup s3 s3://LOG-BUCKET/pod`, which switches logs on after you agree.",
                _EXPIRE,
            ),
            read="podcast-kit stats s3://LOG-BUCKET/pod",
            accuracy="Lines come hours late, and byte ranges are not in them: the bytes of a listener are added up.",
        ),
        SetupGuide(
            name="cloudfront",
            title="Amazon CloudFront",
            steps=(
                "Open the distribution, tab Logging, and add standard logging to an S3 bucket of its own.",
                "Choose all fields, the format W3C or JSON, and gzip.",
                "Use version 1 or version 2 for a prefix: with both in one place, requests would be there twice.",
                _EXPIRE,
            ),
            read="podcast-kit stats s3://LOG-BUCKET/PREFIX",
            accuracy="Lines can be 24 hours late. Byte ranges are in them, so the first minute is counted exactly.",
        ),
        SetupGuide(
            name="cloudflare",
            title="Cloudflare (also in front of R2)",
            steps=(
                "Create a Logpush job for the data set http_requests that pushes to R2 or S3, as JSON.",
                f"Add these fields: {_CLOUDFLARE_FIELDS}.",
                "Add the custom field `range` of the request headers to the zone, or byte ranges are unknown.",
            ),
            read="podcast-kit stats r2://LOG-BUCKET",
            accuracy="A bucket with an r2.dev address has no logs: publish it under a domain of your zone.",
        ),
        SetupGuide(
            name="fastly",
            title="Fastly",
            steps=(
                "Add a log endpoint to the service, such as Amazon S3, with gzip or zstd.",
                "Set the log format to version 2 and the text below, and the log line format to blank.",
            ),
            read="podcast-kit stats s3://LOG-BUCKET",
            accuracy="Byte ranges are in it; requests between Fastly's own servers are marked and not counted.",
            block=FASTLY_LINE,
        ),
        SetupGuide(
            name="bunny",
            title="Bunny",
            steps=(
                "Open the pull zone, Logging, and switch on permanent log storage: otherwise logs are kept for 3 days.",
                "Switch off the anonymization of addresses, or listeners of one network are counted as one.",
            ),
            read="podcast-kit stats FOLDER",
            accuracy="Methods and byte ranges are not in it: HEAD requests cannot be told from downloads.",
        ),
        SetupGuide(
            name="nginx",
            title="nginx",
            steps=("Put the text below into the http block, and name the format in access_log.",),
            read="podcast-kit stats /var/log/nginx",
            accuracy="The Range header at the end of a line makes the first minute exact.",
            block="""log_format podcast '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
  '"$http_referer" "$http_user_agent" "$http_range"';
access_log /var/log/nginx/podcast.log podcast;""",
        ),
        SetupGuide(
            name="apache",
            title="Apache",
            steps=("Put the text below into the virtual host; %B counts the bytes of the body.",),
            read="podcast-kit stats /var/log/apache2",
            accuracy="The Range header at the end of a line makes the first minute exact.",
            block=r"""LogFormat "%h %l %u %t \"%r\" %>s %B \"%{Referer}i\" \"%{User-Agent}i\" \"%{Range}i\"" podcast
CustomLog ${APACHE_LOG_DIR}/podcast.log podcast""",
        ),
        SetupGuide(
            name="caddy",
            title="Caddy",
            steps=("Add `log` with an output file to the site; the JSON format is the default.",),
            read="podcast-kit stats /var/log/caddy",
            accuracy="Request headers are in it, so the first minute is exact.",
            block="log {\n  output file /var/log/caddy/podcast.log\n}",
        ),
        SetupGuide(
            name="gcs",
            title="Google Cloud Storage",
            steps=(
                "Create a bucket for logs, and allow cloud-storage-analytics@google.com to write to it.",
                "Run `gcloud storage buckets update gs://BUCKET --log-bucket=gs://LOG-BUCKET`.",
                _EXPIRE,
            ),
            read="podcast-kit stats gs://LOG-BUCKET",
            accuracy="Google does not promise that every line arrives, and byte ranges are not in them.",
        ),
        SetupGuide(
            name="azure",
            title="Azure Storage",
            steps=(
                "Add a diagnostic setting to the blob service: StorageRead, archived to a storage account.",
                "Download the logs, for example with `az storage blob download-batch`.",
            ),
            read="podcast-kit stats FOLDER",
            accuracy="Byte ranges are not in it: the bytes of a listener are added up.",
        ),
    )
}
NO_LOGS = {
    "b2": "Backblaze B2 logs no downloads: put a CDN with logs in front of it",
    "hetzner": "Hetzner Object Storage logs no downloads: put a CDN with logs in front of it",
    "spaces": "DigitalOcean Spaces has logs in the format of S3: switch them on with the S3 API",
    "wasabi": "Wasabi has logs in the format of S3: switch them on in the settings of the bucket",
    "minio": "MinIO: log requests at the web server in front of it",
    "garage": "Garage: log requests at the web server in front of it",
}
"""What to do where the provider that a show is published to has no guide of its own."""


def suggest_guide(publishing: PublishSettings) -> SetupGuide | None:
    """The guide of the provider that a show is published to; None where it has none."""
    scheme = publishing.to.partition("://")[0] if "://" in publishing.to else publishing.provider
    if publishing.cloudfront:
        return SETUP_GUIDES["cloudfront"]
    names = {"s3": "s3", "aws": "s3", "r2": "cloudflare", "gs": "gcs"}
    is_other_s3 = scheme == "s3" and publishing.endpoint
    return SETUP_GUIDES[names[scheme]] if scheme in names and not is_other_s3 else None


def explain_missing_guide(publishing: PublishSettings) -> str:
    """What to do for a show whose provider has no guide."""
    scheme = publishing.to.partition("://")[0] if "://" in publishing.to else publishing.provider
    return NO_LOGS.get(scheme, "use the logs of the web server or CDN that listeners download from")
