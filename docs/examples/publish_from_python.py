"""Build, check and publish a show from Python: `python publish_from_python.py FOLDER`."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import podcast_kit
from podcast_kit import PodcastKitError, PreparedPublish, Severity


def confirm(prepared: PreparedPublish) -> bool:
    """See the plan before anything changes; return False to stop."""
    for change in prepared.subscriber_changes:
        print(f"subscribers will notice: {change}")
    print(f"{len(prepared.plan.pending)} changes, {prepared.plan.upload_bytes} bytes to upload")
    return True


def main(folder: Path) -> int:
    """Publish the show in this folder; returns the exit code."""
    now = datetime.now(UTC)
    try:
        project = podcast_kit.load_project(folder)
        problems = podcast_kit.check_show(project, now=now)
        for problem in problems:
            print(problem)
        if any(problem.severity is Severity.ERROR for problem in problems):
            return 1
        for outcome in podcast_kit.publish_show(project, now=now, confirm=confirm):
            print(f"{outcome.action} {outcome.key}")
    except PodcastKitError as error:
        print("\n".join(str(problem) for problem in error.problems) or f"{error.text} ({error.fix})")
        return 1
    print(f"published {project.show.feed_url}")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
