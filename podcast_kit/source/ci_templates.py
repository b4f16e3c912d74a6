"""Files that let a pipeline check the show and publish what is due: GitHub Actions and GitLab CI/CD.

Nobody has recordings there: `podcast.lock` stands for them, and `--only feed` sends all else.
"""

from __future__ import annotations

import shlex
from pathlib import Path

from podcast_kit import __version__

WATCHED = ("podcast.yaml", "podcast.lock", "episodes/**", "templates/**", "*.jpg", "*.png")
GITHUB = ".github/workflows/podcast.yml"
GITLAB = ".gitlab-ci.yml"
_ROLE = """\
      # Let the bucket's account trust this repository, and name the role in the settings: no key is kept anywhere.
      # https://docs.github.com/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-aws
      - uses: aws-actions/configure-aws-credentials@v6
        with: {{role-to-assume: "${{{{ vars.AWS_ROLE }}}}", aws-region: "${{{{ vars.AWS_REGION }}}}"}}
      - run: {publish}
"""
_KEYS = """\
      - run: {publish}
        env:
          AWS_ACCESS_KEY_ID: ${{{{ secrets.AWS_ACCESS_KEY_ID }}}}
          AWS_SECRET_ACCESS_KEY: ${{{{ secrets.AWS_SECRET_ACCESS_KEY }}}}
"""
_GITHUB = """\
# Checks the show at each change, and publishes what is due. Begun by podcast-kit; yours to change.
name: podcast
on:
  push: {{branches: [main, master], paths: [{paths}]}}
  pull_request: {{paths: [{paths}]}}
  # Scheduled episodes: whatever is due goes out, also when a run comes late or is left out, as happens here.
  # For the exact minute let a clock of your own say `gh workflow run podcast`.
  schedule: [{{cron: "17 * * * *"}}]
  workflow_dispatch: {{}}
permissions: {{contents: read}}
jobs:
  check:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v6
      - run: pipx install 'podcast-kit=={version}'
      - run: podcast-kit check{where}
  publish:
    needs: check
    if: github.event_name != 'pull_request'
    runs-on: ubuntu-latest
    environment: podcast
    permissions: {{contents: read, id-token: write}}
    concurrency: {{group: podcast, cancel-in-progress: false}}   # one publish at a time, and none is cut off
    steps:
      - uses: actions/checkout@v6
      - run: pipx install 'podcast-kit=={version}'
{steps}"""
_GITLAB = """\
# Checks the show at each change, and publishes what is due. Begun by podcast-kit; yours to change.
# Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY as masked, protected variables,
# and add a pipeline schedule (hourly, off the full hour) for episodes that are scheduled.
default:
  image: python:3.13-slim
  before_script:
    - pip install --quiet 'podcast-kit=={version}'

podcast-check:
  script:
    - podcast-kit check{where} --format gitlab > gl-code-quality-report.json
  artifacts:
    when: always
    reports: {{codequality: gl-code-quality-report.json}}

podcast-publish:
  needs: [podcast-check]
  rules:
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
  resource_group: podcast   # one publish at a time
  script:
    - {publish}
"""


def pipeline(kind: str, folder: Path, *, role: bool) -> tuple[Path, str]:
    """Where the file of `github` or `gitlab` belongs for the show in `folder`, and what stands in it.

    With `role` the store takes a short-lived identity (Amazon S3), else keys.
    """
    root = repository(folder)
    below = folder.relative_to(root).as_posix()
    inside = "" if below == "." else f"{below}/"
    where = f" -C {shlex.quote(below)}" if inside else ""
    filled = {"version": __version__, "where": where, "publish": f"podcast-kit publish{where} --yes --only feed"}
    if kind == "gitlab":
        return root / GITLAB, _GITLAB.format_map(filled)
    paths = ", ".join(f"'{inside}{path}'" for path in WATCHED)
    steps = (_ROLE if role else _KEYS).format_map(filled)
    return root / GITHUB, _GITHUB.format_map({**filled, "paths": paths, "steps": steps})


def repository(folder: Path) -> Path:
    """The root of the repository that the folder is in; the folder itself where there is none."""
    return next((path for path in (folder, *folder.parents) if (path / ".git").exists()), folder)
