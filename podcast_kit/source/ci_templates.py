"""CI files that check the show and publish scheduled episodes: GitHub Actions and GitLab CI/CD.

A CI runner has no recordings: `podcast.lock` has their facts, and `--only feed` publishes everything except audio.
"""

from __future__ import annotations

import shlex
from pathlib import Path

from podcast_kit import __version__

WATCHED_PATHS = ("podcast.yaml", "podcast.lock", "episodes/**", "templates/**", "*.jpg", "*.png")
GITHUB_FILE = ".github/workflows/podcast.yml"
GITLAB_FILE = ".gitlab-ci.yml"
_ROLE = """\
      # Uses an IAM role that trusts this repository, so no keys are stored. Set the repository variables AWS_ROLE
      # and AWS_REGION.
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
# Checks the show on every change and publishes scheduled episodes. Created by podcast-kit; edit as you like.
name: podcast
on:
  push: {{branches: [main, master], paths: [{paths}]}}
  pull_request: {{paths: [{paths}]}}
  # Publishes scheduled episodes. GitHub can start such runs late or skip one; the next run catches up.
  # To publish at an exact time, run `gh workflow run podcast` from your own scheduler.
  schedule: [{{cron: "17 * * * *"}}]
  workflow_dispatch: {{}}
permissions: {{contents: read}}
env:
  # What pipx installs: podcast-kit {version} from its repository, as git+https://HOST/OWNER/REPOSITORY@COMMIT.
  # podcast-kit is not on PyPI; do not install what PyPI may have under that name.
  PODCAST_KIT: ""
jobs:
  check:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v6
      - run: pipx install "${{PODCAST_KIT:?set PODCAST_KIT at the top of this file}}"
      - run: podcast-kit check{where}
  publish:
    needs: check
    if: github.event_name != 'pull_request'
    runs-on: ubuntu-latest
    environment: podcast
    permissions: {{contents: read, id-token: write}}
    concurrency: {{group: podcast, cancel-in-progress: false}}   # one publish at a time, never cancelled
    steps:
      - uses: actions/checkout@v6
      - run: pipx install "${{PODCAST_KIT:?set PODCAST_KIT at the top of this file}}"
{steps}"""
_GITLAB = """\
# Checks the show on every change and publishes scheduled episodes. Created by podcast-kit; edit as you like.
# Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY as masked, protected variables. For scheduled episodes,
# add a pipeline schedule (hourly, but not on the hour).
variables:
  # What pip installs: podcast-kit {version} from its repository, as git+https://HOST/OWNER/REPOSITORY@COMMIT.
  # podcast-kit is not on PyPI; do not install what PyPI may have under that name.
  PODCAST_KIT: ""

default:
  image: python:3.13
  before_script:
    - pip install --quiet "${{PODCAST_KIT:?set PODCAST_KIT at the top of this file}}"

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


def render_ci_file(kind: str, folder: Path, *, role: bool) -> tuple[Path, str]:
    """The path and the text of the CI file for the show in `folder`; `kind` is `github` or `gitlab`.

    With `role` it uses an IAM role (Amazon S3), else access keys.
    """
    root = find_repository_root(folder)
    subfolder = folder.relative_to(root).as_posix()
    prefix = "" if subfolder == "." else f"{subfolder}/"
    where = f" -C {shlex.quote(subfolder)}" if prefix else ""
    values = {"version": __version__, "where": where, "publish": f"podcast-kit publish{where} --yes --only feed"}
    if kind == "gitlab":
        return root / GITLAB_FILE, _GITLAB.format_map(values)
    paths = ", ".join(f"'{prefix}{path}'" for path in WATCHED_PATHS)
    steps = (_ROLE if role else _KEYS).format_map(values)
    return root / GITHUB_FILE, _GITHUB.format_map({**values, "paths": paths, "steps": steps})


def find_repository_root(folder: Path) -> Path:
    """The root of the git repository with the folder; the folder itself outside of a repository."""
    return next((path for path in (folder, *folder.parents) if (path / ".git").exists()), folder)
