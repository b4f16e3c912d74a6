"""CloudFront's copies of what has changed, dropped through boto3."""

from __future__ import annotations

from collections.abc import Sequence

from podcast_kit.stores.errors import said

MOST = 1000
"""Paths that are named one by one; more are dropped by one wildcard, which counts and costs as one."""


def invalidate(distribution: str, paths: Sequence[str], reference: str) -> str:
    """Drop the copies of these paths (each begins with a slash); the id of the invalidation.

    `reference` names this very request: asking twice with the same one does it once.
    Raises `StoreRefused` or `Failed`.
    """
    named = list(paths) if len(paths) <= MOST else ["/*"]
    with said(f"CloudFront {distribution}"):
        import boto3
        from botocore.config import Config

        client = boto3.session.Session().client(
            "cloudfront", region_name="us-east-1", config=Config(retries={"mode": "standard", "total_max_attempts": 5})
        )
        batch = {"Paths": {"Quantity": len(named), "Items": named}, "CallerReference": reference}
        answer = client.create_invalidation(DistributionId=distribution, InvalidationBatch=batch)
        client.close()
    return str(answer["Invalidation"]["Id"])
