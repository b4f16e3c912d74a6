"""Where a build is published. The only home of boto3."""
