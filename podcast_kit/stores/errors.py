"""Translates errors of boto3 and of stores into our own exceptions, with a fix."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from podcast_kit.errors import PULL_FIX, OperationError, PodcastKitError, PublishConflict, StoreAccessError
from podcast_kit.stores.answers import incomplete_answer_errors

CREDENTIALS_FIX = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or run with an IAM role"
PERMISSIONS_FIX = "the key needs s3:PutObject, s3:GetObject and s3:ListBucket on the bucket"
RERUN_FIX = "nothing was lost; run it again"

ACCESS_ERRORS = {
    "NoSuchBucket": ("the bucket does not exist", "create it, or correct publish.to"),
    "InvalidAccessKeyId": ("the store does not know this access key", "check AWS_ACCESS_KEY_ID or the profile"),
    "SignatureDoesNotMatch": ("the store rejected the secret key", "check AWS_SECRET_ACCESS_KEY or the profile"),
    "ExpiredToken": ("the credentials have expired", "sign in again, or renew the key"),
    "TokenRefreshRequired": ("the credentials have expired", "sign in again, or renew the key"),
    "InvalidToken": ("the store rejected the session token", "sign in again, or unset AWS_SESSION_TOKEN"),
    "RequestTimeTooSkewed": ("this computer's clock is wrong", "set the clock; the store allows 15 minutes"),
    "AccessDenied": ("access denied", PERMISSIONS_FIX),
    "403": ("access denied", PERMISSIONS_FIX),
    "AllAccessDisabled": ("the account is closed or suspended", "check the account in the provider's console"),
    "PermanentRedirect": ("the bucket is in another region", "correct publish.region"),
    "AuthorizationHeaderMalformed": ("the bucket is in another region", "correct publish.region"),
    "IllegalLocationConstraintException": ("the bucket is in another region", "correct publish.region"),
    "InvalidBucketName": ("the store does not allow this bucket name", "correct publish.to"),
    "MethodNotAllowed": ("the store rejects this method", "check that publish.endpoint is the store's S3 endpoint"),
}
"""Error code of a response → what it means, and the fix."""

STORE_FULL_CODES = {"XMinioStorageFull", "QuotaExceeded", "InsufficientStorage", "StorageQuotaExceeded"}


def refusal_type() -> Any:  # noqa: ANN401  # botocore has no types
    """The class that botocore raises for an error that the store answered with.

    In `except refusal_type()` it is only imported where something goes wrong: a usual publish does not need botocore.
    """
    from botocore.exceptions import ClientError

    return ClientError


@contextlib.contextmanager
def translate_boto_errors(name: str, key: str = "") -> Iterator[None]:
    """Raise errors from inside as StoreAccessError, PublishConflict or OperationError, with a fix."""
    subject = f"{name}/{key}" if key else name
    try:
        yield
    except PodcastKitError:
        raise
    except Exception as error:
        translated = _translate_error(error, subject)  # botocore is imported only where something is wrong
        if translated is None:
            raise
        raise translated from error


def _translate_error(error: Exception, subject: str) -> PodcastKitError | None:
    """Our own exception; None for one that is a bug."""
    from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
    from botocore.exceptions import ConnectionError as BotoConnectionError

    translated: PodcastKitError | None = None
    is_wrapped_recursion = isinstance(error, (BotoConnectionError, HTTPClientError)) and "recursion" in str(error)
    if isinstance(error, ClientError):
        translated = _response_error(error.response, subject)
    elif isinstance(error, RecursionError) or is_wrapped_recursion:  # it looks up the region, redirected endlessly
        text, fix = ACCESS_ERRORS["PermanentRedirect"]
        translated = StoreAccessError(f"{subject}: {text}", fix)
    elif isinstance(error, (BotoConnectionError, HTTPClientError)):
        text = f"{subject}: cannot reach the store: {_short_message(error)}"
        fix = "check your connection and publish.endpoint, then rerun; nothing was lost"
        translated = OperationError(text, fix)
    elif isinstance(error, incomplete_answer_errors()):
        translated = _incomplete_answer_error(error, subject)
    elif isinstance(error, BotoCoreError):
        translated = _botocore_error(error, subject)
    elif isinstance(error, (OSError, ValueError)):
        translated = OperationError(f"{subject}: {_short_message(error)}", "run it again")
    return translated


def _incomplete_answer_error(error: Exception, subject: str) -> OperationError:
    text = f"{subject}: an answer of the store arrived incomplete: {_short_message(error)}"
    return OperationError(text, "check your connection, then run it again; nothing was lost")


def _response_error(response: object, subject: str) -> PodcastKitError:
    answer = response if isinstance(response, dict) else {}
    code = str(answer.get("Error", {}).get("Code", ""))
    status = int(answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    message = " ".join(str(answer.get("Error", {}).get("Message", "")).split())[:200]
    if code in {"PreconditionFailed", "412"} or status == 412:  # noqa: PLR2004  # RFC 9110, 15.5.13
        return PublishConflict(f"someone else changed {subject}", PULL_FIX)
    if code == "ConditionalRequestConflict":
        return PublishConflict(f"someone else is changing {subject}", PULL_FIX)
    if code in ACCESS_ERRORS:
        text, fix = ACCESS_ERRORS[code]
        return StoreAccessError(f"{subject}: {text} ({code})", fix)
    if status in {401, 403}:
        return StoreAccessError(f"{subject}: the store refused access: {message or code}", CREDENTIALS_FIX)
    if code in STORE_FULL_CODES or status == 507:  # noqa: PLR2004  # RFC 4918, 11.5
        return OperationError(f"{subject}: the store is full ({code})", "free some space, then run it again")
    fix = RERUN_FIX
    if status == 404:  # noqa: PLR2004  # keys that may be missing are handled by the caller
        fix = "check that publish.endpoint is the store's S3 endpoint"
    if status >= 500:  # noqa: PLR2004  # RFC 9110, 15.6
        fix = "the store has a problem; nothing was lost, run it again, and if it persists check its free space"
    status_line = " ".join(dict.fromkeys([code, str(status or "")])).strip()
    return OperationError(f"{subject}: the store answered {status_line}: {message}", fix)


def _botocore_error(error: Exception, subject: str) -> PodcastKitError:
    from botocore import exceptions

    missing_credentials = (
        exceptions.NoCredentialsError,
        exceptions.PartialCredentialsError,
        exceptions.CredentialRetrievalError,
        exceptions.TokenRetrievalError,
        exceptions.SSOError,
        exceptions.ProfileNotFound,
        exceptions.MetadataRetrievalError,
    )
    if isinstance(error, missing_credentials):
        return StoreAccessError(f"{subject}: no credentials: {_short_message(error)}", CREDENTIALS_FIX)
    if isinstance(error, exceptions.NoRegionError):
        return StoreAccessError(f"{subject}: no region", "set publish.region")
    return OperationError(f"{subject}: {_short_message(error)}", "check publish.endpoint and publish.to")


def _short_message(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
