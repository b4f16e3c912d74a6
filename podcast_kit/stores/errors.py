"""What boto3 and the stores say, in our words: the border of this room."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from podcast_kit.errors import OperationError, PublishConflict, PodcastKitError, StoreAccessError

CREDENTIALS = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or run where a role gives them"

REFUSED = {
    "NoSuchBucket": ("the bucket does not exist", "create it, or correct publish.to"),
    "InvalidAccessKeyId": ("the store does not know this access key", CREDENTIALS),
    "SignatureDoesNotMatch": ("the store does not accept the secret key", CREDENTIALS),
    "ExpiredToken": ("the credentials have expired", "sign in again, or renew the key"),
    "TokenRefreshRequired": ("the credentials have expired", "sign in again, or renew the key"),
    "InvalidToken": ("the store does not accept the session token", "sign in again, or unset AWS_SESSION_TOKEN"),
    "RequestTimeTooSkewed": ("this computer's clock is wrong", "set the clock; the store allows 15 minutes"),
    "AccessDenied": (
        "the store does not allow it",
        "the key needs s3:PutObject, s3:GetObject and s3:ListBucket on the bucket",
    ),
    "403": ("the store does not allow it", "the key needs s3:PutObject, s3:GetObject and s3:ListBucket on the bucket"),
    "AllAccessDisabled": ("the account is closed or suspended", "see the store's own page"),
    "PermanentRedirect": ("the bucket is in another region", "correct publish.region"),
    "AuthorizationHeaderMalformed": ("the bucket is in another region", "correct publish.region"),
    "IllegalLocationConstraintException": ("the bucket is in another region", "correct publish.region"),
    "InvalidBucketName": ("the bucket's name is not one that the store allows", "correct publish.to"),
    "MethodNotAllowed": ("the store does not allow it", "see that publish.endpoint is the S3 address of the store"),
}
"""By the error code of the reply: what it means, and the mend."""

FULL = {"XMinioStorageFull", "QuotaExceeded", "InsufficientStorage", "StorageQuotaExceeded"}
"""Error codes of stores that are full."""


@contextlib.contextmanager
def said(name: str, key: str = "") -> Iterator[None]:
    """Raise what goes wrong inside as `StoreRefused`, `Overtaken` or `Failed`, with the mend."""
    from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
    from botocore.exceptions import ConnectionError as Unreachable

    subject = f"{name}/{key}" if key else name
    try:
        yield
    except PodcastKitError:
        raise
    except ClientError as error:
        raise _answered(error.response, subject) from error
    except (Unreachable, HTTPClientError) as error:
        if "recursion" in str(error):  # as below, wrapped by botocore where it happens deep inside
            what, hint = REFUSED["PermanentRedirect"]
            raise StoreAccessError(f"{subject}: {what}", hint) from error
        hint = "see the network and publish.endpoint; nothing is lost, run it again"
        raise OperationError(f"{subject}: the store does not answer: {_short(error)}", hint) from error
    except BotoCoreError as error:
        raise _unable(error, subject) from error
    except RecursionError as error:  # botocore asks where the bucket is, and is sent on again for ever
        what, hint = REFUSED["PermanentRedirect"]
        raise StoreAccessError(f"{subject}: {what}", hint) from error
    except (OSError, ValueError) as error:
        raise OperationError(f"{subject}: {_short(error)}", "run it again") from error


def _answered(response: object, subject: str) -> PodcastKitError:
    answer = response if isinstance(response, dict) else {}
    code = str(answer.get("Error", {}).get("Code", ""))
    status = int(answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    text = " ".join(str(answer.get("Error", {}).get("Message", "")).split())[:200]
    if code in {"PreconditionFailed", "412"} or status == 412:  # noqa: PLR2004  # RFC 9110, 15.5.13
        return PublishConflict(f"{subject} was changed by somebody else", "plan again")
    if code == "ConditionalRequestConflict":
        return PublishConflict(f"{subject} is being changed by somebody else", "plan again")
    if code in REFUSED:
        what, hint = REFUSED[code]
        return StoreAccessError(f"{subject}: {what} ({code})", hint)
    if status in {401, 403}:
        return StoreAccessError(f"{subject}: the store refused: {text or code}", CREDENTIALS)
    if code in FULL or status == 507:  # noqa: PLR2004  # RFC 4918, 11.5
        return OperationError(f"{subject}: the store has no room left ({code})", "make room there, then run it again")
    hint = "nothing is lost, run it again"
    if status == 404:  # noqa: PLR2004  # every key that may be missing is asked for in another way
        hint = "see that publish.endpoint is the S3 address of the store"
    if status >= 500:  # noqa: PLR2004  # RFC 9110, 15.6
        hint = "the store is in trouble; should it go on, see that it has room left; nothing is lost, run it again"
    return OperationError(
        f"{subject}: the store answered {' '.join(dict.fromkeys([code, str(status or '')])).strip()}: {text}", hint
    )


def _unable(error: Exception, subject: str) -> PodcastKitError:
    from botocore import exceptions as known

    missing = (
        known.NoCredentialsError,
        known.PartialCredentialsError,
        known.CredentialRetrievalError,
        known.TokenRetrievalError,
        known.SSOError,
        known.ProfileNotFound,
        known.MetadataRetrievalError,
    )
    if isinstance(error, missing):
        return StoreAccessError(f"{subject}: no credentials: {_short(error)}", CREDENTIALS)
    if isinstance(error, known.NoRegionError):
        return StoreAccessError(f"{subject}: no region is known", "write publish.region")
    return OperationError(f"{subject}: {_short(error)}", "see publish.endpoint and publish.to")


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
