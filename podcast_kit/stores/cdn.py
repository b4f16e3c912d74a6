"""Invalidates changed paths in CloudFront, through boto3."""

from __future__ import annotations

from collections.abc import Sequence

from podcast_kit.stores.errors import translate_boto_errors

MAX_PATHS = 1000
"""Paths listed one by one; beyond that one wildcard replaces them, which counts and costs as one path."""


def invalidate_cloudfront(distribution: str, paths: Sequence[str], reference: str) -> str:
    """Drop the cached copies of these paths (each starts with a slash); returns the id of the invalidation.

    `reference` identifies the request: sent twice with the same one, it is carried out once.
    Raises StoreAccessError or OperationError.
    """
    items = list(paths) if len(paths) <= MAX_PATHS else ["/*"]
    with translate_boto_errors(f"CloudFront {distribution}"):
        import boto3
        from botocore.config import Config

        client = boto3.session.Session().client(
            "cloudfront", region_name="us-east-1", config=Config(retries={"mode": "standard", "total_max_attempts": 5})
        )
        batch = {"Paths": {"Quantity": len(items), "Items": items}, "CallerReference": reference}
        answer = client.create_invalidation(DistributionId=distribution, InvalidationBatch=batch)
        client.close()
    return str(answer["Invalidation"]["Id"])
