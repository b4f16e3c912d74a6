"""CI files that check the show and publish scheduled episodes: GitHub Actions and GitLab CI/CD.

A CI runner has no recordings: `podcast.lock` has their facts, and `--only feed` publishes everything except audio.
Where the show is published to a folder, the files deploy it to GitHub Pages or GitLab Pages; then the recordings must
be in the repository. podcast-kit is installed from a pinned commit or a wheel with its hash, never by its bare name.
"""

from __future__ import annotations

import json
import posixpath
import re
import shlex
import textwrap
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from podcast_kit.model import LOCK_FILE
from podcast_kit.source.yaml import InvalidValue

GITHUB_FILE = ".github/workflows/podcast.yml"
GITLAB_FILE = ".gitlab-ci.yml"
TOOL_FIX = "write git+https://HOST/OWNER/REPOSITORY@COMMIT with all 40 digits, or https://…/NAME.whl#sha256=HASH"
_GIT_SOURCE = re.compile(r"(?:podcast-kit\[master\] @ )?git\+(?:https|ssh)://[A-Za-z0-9._~@:/+-]+@[0-9a-f]{40}")
_WHEEL_SOURCE = re.compile(r"(?:podcast-kit\[master\] @ )?https://[A-Za-z0-9._~:/%+-]+\.whl#sha256=[0-9a-f]{64}")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_GLOB_CHARACTERS = re.compile(r"[*?\[\]!+\\]")
_BACKSLASHED = r"\\\g<0>"
_PLAIN_COMMAND = re.compile(r"[A-Za-z0-9 ./_>-]+")
_CHECKOUT = "actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0"
_PYTHON = "actions/setup-python@e797f83bcb11b83ae66e0230d6156d7c80228e7c # v6.0.0"
_AWS = "aws-actions/configure-aws-credentials@00943011d9042930efac3dcd3a170e4273319bc8 # v5.1.0"
_CACHE = "0057852bfaa89a56745cba8c7296529d2fc39830 # v4.3.0"
_UPLOAD_PAGES = "actions/upload-pages-artifact@7b1f4a764d45c48632c6b24a0339c27f5614fb0b # v4.0.0"
_DEPLOY_PAGES = "actions/deploy-pages@d6db90164ac5ed86f2b6aed7e0febac5b3c0c03e # v4.0.5"


ANNOUNCE_VARIABLES = (
    "PODCAST_KIT_MASTODON_TOKEN",
    "PODCAST_KIT_BLUESKY_PASSWORD",
    "PODCAST_KIT_TELEGRAM_TOKEN",
    "PODCAST_KIT_DISCORD_WEBHOOK",
    "PODCAST_KIT_SLACK_WEBHOOK",
    "PODCAST_KIT_WEBHOOK_URL",
    "PODCAST_KIT_WEBHOOK_TOKEN",
    "PODCAST_KIT_BUTTONDOWN_KEY",
    "PODCAST_KIT_PODPING_TOKEN",
)
"""Secrets with which a publish announces episodes; those that are not set are empty."""


class CiTarget(StrEnum):
    """How a CI job publishes the show."""

    ROLE = "role"
    """To Amazon S3, with an IAM role."""
    KEYS = "keys"
    """To another store, with access keys."""
    PAGES = "pages"
    """To a folder, which becomes a site of GitHub Pages or GitLab Pages."""


@dataclass(frozen=True, slots=True)
class CiFile:
    """A CI file for a show."""

    root: Path
    """Of the repository."""
    name: str
    """Relative to the root."""
    text: str
    next_steps: tuple[str, ...]
    """What people have to do before it works."""

    @property
    def path(self) -> Path:
        """Where it is written."""
        return self.root / self.name


def choose_ci_target(to: str, endpoint: str) -> CiTarget:
    """How to publish to `publish.to`."""
    if "://" not in to:
        return CiTarget.PAGES
    is_amazon = to.startswith(("s3://", "aws://")) and not endpoint
    return CiTarget.ROLE if is_amazon else CiTarget.KEYS


def to_tool_source(raw: str) -> str:
    """A source that always gives the same podcast-kit: a git URL with a commit, or a wheel's URL with its hash.

    Raises InvalidValue for anything else: a branch or a tag can move, and a name at an index may belong to others.
    """
    source = raw.strip()
    if not (_GIT_SOURCE.fullmatch(source) or _WHEEL_SOURCE.fullmatch(source)):
        raise InvalidValue(f"{source[:200]!r} is neither a git URL with a commit nor a wheel with a hash", TOOL_FIX)
    return source


def tool_source_from_direct_url(text: str) -> str:
    """The source that an installed podcast-kit came from, per its `direct_url.json`; empty where it is not pinned."""
    try:
        data = json.loads(text)
        if "vcs_info" in data:
            source = f"git+{data['url']}@{data['vcs_info']['commit_id']}"
        else:
            source = f"{data['url']}#sha256={data['archive_info']['hashes']['sha256']}"
        return to_tool_source(source)
    except (ValueError, KeyError, TypeError, InvalidValue):
        return ""


_GITHUB = """\
# Checks each pull request and publishes the show from the default branch. Created by podcast-kit; edit as you like.
name: podcast
on:
  push: {{branches: ["**"]{paths}}}
  pull_request:{pull_request_paths}
  # Publishes scheduled episodes. GitHub can start such runs late or skip one; the next run catches up.
  # In public repositories, GitHub turns schedules off after 60 days without activity.
  # To publish at an exact time, run `gh workflow run podcast` from your own scheduler.
  schedule: [{{cron: "17 * * * *"}}]
  workflow_dispatch: {{}}
permissions: {{contents: read}}
env:
{tool_comment}
  PODCAST_KIT: {tool}
jobs:
  # Has no access to the store and to secrets: pull requests from forks run it, too.
  check:
    if: github.event_name == 'pull_request'
    runs-on: ubuntu-latest
    timeout-minutes: 15
    steps:
{setup}
      - run: {check}
  # Fetches the replies to the show's posts every hour, and commits comments/*.json and nothing else.
  # Turned on by the repository variable PODCAST_COMMENTS with the value true. Has no access to the store.
  comments:
    if: >-
      vars.PODCAST_COMMENTS == 'true' && (github.event_name == 'schedule'
      || (github.event_name == 'workflow_dispatch' && github.ref_name == github.event.repository.default_branch))
    runs-on: ubuntu-latest
    timeout-minutes: 15
    permissions: {{contents: write}}
    concurrency: {{group: podcast-comments, cancel-in-progress: false}}
    steps:
{comments_setup}
      - run: {comments}
        continue-on-error: true   # of a server that does not answer, the comments stay as they are
      - name: commit comments
        working-directory: {show_folder}
        env:
          COMMITTER: github-actions[bot]
          COMMITTER_EMAIL: 41898282+github-actions[bot]@users.noreply.github.com
          REMOTE: origin
          BRANCH: ${{{{ github.ref_name }}}}
        run: |
{commit}
  publish:
    # Only from the default branch; schedules run on no other.
    needs: comments
    if: >-
      (github.event_name == 'schedule' || (github.event_name != 'pull_request'
      && github.ref_name == github.event.repository.default_branch)) && !cancelled()
    runs-on: ubuntu-latest
    timeout-minutes: 60
    environment: {environment}
    permissions: {permissions}
    concurrency: {{group: podcast, cancel-in-progress: false}}   # one publish at a time, never cancelled
    steps:
{publish_setup}
{publish_steps}"""
_GITHUB_SETUP = """\
      - uses: {checkout}{checkout_options}
      - uses: {python}
        with: {{python-version: "3.13"}}
      - name: {install_name}
        run: python -m pip install --quiet "${{PODCAST_KIT:?set PODCAST_KIT at the top of this file}}\""""
_COMMIT_COMMENTS = """\
if [ -n "$(git ls-files --modified --deleted --others --exclude-standard -- ':(glob)comments/*.json')" ]; then
  git config user.name "$COMMITTER" && git config user.email "$COMMITTER_EMAIL"
  git add --all -- ':(glob)comments/*.json'
  git commit --quiet --message "Update comments"
  git pull --quiet --rebase "$REMOTE" "$BRANCH"
  git push --quiet "$REMOTE" "HEAD:$BRANCH"
fi
"""
_GITHUB_CHECK = """\
      - run: {check}
        env:
          # For private feeds only: the contents of subscribers.txt and of subscribers.key.
          PODCAST_KIT_SUBSCRIBERS: ${{{{ secrets.PODCAST_KIT_SUBSCRIBERS }}}}
          PODCAST_KIT_SUBSCRIBERS_KEY: ${{{{ secrets.PODCAST_KIT_SUBSCRIBERS_KEY }}}}
"""
_GITHUB_ROLE = """\
      # Uses an IAM role that trusts this repository, so no keys are stored. Set the variables AWS_ROLE and AWS_REGION.
      # https://docs.github.com/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-aws
      - uses: {aws}
        with: {{role-to-assume: "${{{{ vars.AWS_ROLE }}}}", aws-region: "${{{{ vars.AWS_REGION }}}}"}}
      - run: {publish}
        env:
          PODCAST_KIT_SUBSCRIBERS: ${{{{ secrets.PODCAST_KIT_SUBSCRIBERS }}}}
          PODCAST_KIT_SUBSCRIBERS_KEY: ${{{{ secrets.PODCAST_KIT_SUBSCRIBERS_KEY }}}}
{announce_secrets}"""
_GITHUB_KEYS = """\
      - run: {publish}
        env:
          AWS_ACCESS_KEY_ID: ${{{{ secrets.AWS_ACCESS_KEY_ID }}}}
          AWS_SECRET_ACCESS_KEY: ${{{{ secrets.AWS_SECRET_ACCESS_KEY }}}}
          PODCAST_KIT_SUBSCRIBERS: ${{{{ secrets.PODCAST_KIT_SUBSCRIBERS }}}}
          PODCAST_KIT_SUBSCRIBERS_KEY: ${{{{ secrets.PODCAST_KIT_SUBSCRIBERS_KEY }}}}
{announce_secrets}"""
_GITHUB_PAGES_RESTORE = """\
      # The site as it was published last: recordings that apps have stay the same files when a title changes.
      - uses: actions/cache/restore@{cache}
        with:
          path: |
            {site_path}
            {lock_path}
          key: podcast-site-
          restore-keys: podcast-site-
"""
_GITHUB_PAGES = """\
      # Needs the recordings in the repository, as GitHub Pages is built from it. A site may have 1 GB.
      # Mastering and WAV need the extra: PODCAST_KIT: "podcast-kit[master] @ git+https://…".
      # With private feeds, the repository must be private: the uploaded artifact has their addresses.
      - run: {publish}
        env:
          PODCAST_KIT_SUBSCRIBERS: ${{{{ secrets.PODCAST_KIT_SUBSCRIBERS }}}}
          PODCAST_KIT_SUBSCRIBERS_KEY: ${{{{ secrets.PODCAST_KIT_SUBSCRIBERS_KEY }}}}
      - uses: actions/cache/save@{cache}
        with:
          path: |
            {site_path}
            {lock_path}
          key: {site_cache_key}
      - uses: {upload_pages}
        with: {{path: {site}}}
      - id: deployment
        uses: {deploy_pages}
"""
_GITLAB = """\
# Checks each merge request and publishes the show from the default branch. Created by podcast-kit; edit as you like.
# For scheduled episodes, add a pipeline schedule (hourly, but not on the hour).
{credentials_comment}
workflow:
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH

variables:
{tool_comment}
  PODCAST_KIT: {tool}
  PIP_CACHE_DIR: $CI_PROJECT_DIR/.cache/pip

default:
  image: python:3.13
  timeout: 1 hour
  cache:
    key: podcast-kit
    paths: [.cache/pip]
  before_script:
    # {install_name}
    - pip install --quiet "${{PODCAST_KIT:?set PODCAST_KIT at the top of this file}}"

# Has no access to the store and to protected variables: merge requests from forks run it, too.
podcast-check:
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
  script:
    - {check}
  artifacts:
    when: always
    reports: {{codequality: gl-code-quality-report.json}}

# Fetches the replies to the show's posts, and commits comments/*.json and nothing else; the push starts a pipeline.
# Turned on by PODCAST_PUSH_TOKEN, a masked, protected variable: a project access token with the right write_repository.
podcast-comments:
  rules:
    - if: $CI_PIPELINE_SOURCE == "schedule" && $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH && $PODCAST_PUSH_TOKEN
  resource_group: podcast-comments
  allow_failure: true
  variables:
    COMMITTER: podcast-kit
    COMMITTER_EMAIL: podcast-kit@noreply.invalid
    BRANCH: $CI_DEFAULT_BRANCH
  script:
    - {comments}   # of a server that does not answer, the comments stay as they are
    - {show_folder}
    - REMOTE="https://podcast-kit:$PODCAST_PUSH_TOKEN@$CI_SERVER_HOST/$CI_PROJECT_PATH.git"
    - |
{commit}

{job}:
  rules:
    - if: $CI_PIPELINE_SOURCE != "merge_request_event" && $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
  resource_group: podcast   # one publish at a time
{job_settings}  script:
    - {check}
{job_script}    - {publish}
  artifacts:
    when: always
    reports: {{codequality: gl-code-quality-report.json}}
{artifact_paths}"""
_GITLAB_COMMENTS = {
    CiTarget.ROLE: (
        "# Uses an IAM role that trusts this project, so no keys are stored. Set the variables AWS_ROLE_ARN and\n"
        "# AWS_DEFAULT_REGION: https://docs.gitlab.com/ci/cloud_services/aws/\n"
    ),
    CiTarget.KEYS: "# Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY as masked, protected variables.\n",
    CiTarget.PAGES: (
        "# Needs the recordings in the repository, as GitLab Pages is built from it.\n"
        "# With private feeds, the project must be private: the job's artifacts have their addresses.\n"
    ),
}
_GITLAB_ROLE_SETTINGS = """\
  id_tokens:
    AWS_TOKEN: {aud: https://gitlab.com}   # the audience that the role trusts
  variables:
    AWS_WEB_IDENTITY_TOKEN_FILE: /tmp/aws-token
"""
_GITLAB_PAGES_SETTINGS = """\
  pages: {{publish: {site}}}
  cache:
    - key: podcast-kit
      paths: [.cache/pip]
    # The site as it was published last: recordings that apps have stay the same files when a title changes.
    - key: podcast-site
      paths: [{site}, {lock}]
"""
_GITLAB_ROLE_SCRIPT = """\
    - (umask 077 && printf %s "$AWS_TOKEN" > "$AWS_WEB_IDENTITY_TOKEN_FILE")
"""


def render_ci_file(kind: str, folder: Path, *, target: CiTarget, to: str = "", tool_from: str = "") -> CiFile:
    """The CI file for the show in `folder`; `kind` is `github` or `gitlab`.

    `to` is the folder that is deployed to Pages, relative to the show. Without `tool_from` (see `to_tool_source`) the
    file has a marked place to fill in, and its jobs stop there.
    """
    root = find_repository_root(folder)
    subfolder = folder.relative_to(root).as_posix()
    _refuse_unusable_name(kind, subfolder)
    is_subfolder = subfolder != "."
    where = f" -C {shlex.quote(subfolder)}" if is_subfolder else ""
    only_feed = "" if target is CiTarget.PAGES else " --only feed"
    site_path = posixpath.normpath(posixpath.join(subfolder, to))
    lock_path = posixpath.normpath(posixpath.join(subfolder, LOCK_FILE))
    values = {
        "check": f"podcast-kit check{where}",
        "publish": f"podcast-kit publish{where} --yes{only_feed}",
        "comments": f"podcast-kit comments{where}",
        "show_folder": subfolder,
        "site": site_path,
        "lock": lock_path,
        "tool": _quote_yaml(tool_from),
        "tool_comment": _tool_comment(tool_from),
        "install_name": "install podcast-kit" if tool_from else "TO DO - fill in PODCAST_KIT at the top of this file",
    }
    steps = [] if tool_from else [f"fill in PODCAST_KIT ({TOOL_FIX}); until then the jobs stop with an error"]
    if kind == "gitlab":
        values["check"] += " --format gitlab > gl-code-quality-report.json"
        text = _render_gitlab(target, values)
        return CiFile(root, GITLAB_FILE, text, (*steps, *_gitlab_steps(target)))
    paths = [f"{_GLOB_CHARACTERS.sub(_BACKSLASHED, subfolder)}/**", GITHUB_FILE] if is_subfolder else []
    listed = f"[{', '.join(map(_quote_yaml, paths))}]"
    values |= {
        "paths": f", paths: {listed}" if paths else "",
        "pull_request_paths": f" {{paths: {listed}}}" if paths else " {}",
    }
    return CiFile(root, GITHUB_FILE, _render_github(target, values), (*steps, *_github_steps(target)))


def find_repository_root(folder: Path) -> Path:
    """The root of the git repository with the folder; the folder itself outside of a repository."""
    return next((path for path in (folder, *folder.parents) if (path / ".git").exists()), folder)


def _render_github(target: CiTarget, values: dict[str, str]) -> str:
    feeds = _escape_glob(values["site"]).replace("'", "''") + "/**/*.xml"
    site, lock = _escape_expression(values["site"]), _escape_expression(values["lock"])
    values = values | {
        "check": _quote_command(_escape_expression(values["check"])),
        "publish": _quote_command(_escape_expression(values["publish"])),
        "comments": _quote_command(_escape_expression(values["comments"])),
        "show_folder": _quote_yaml(_escape_expression(values["show_folder"])),
        "commit": textwrap.indent(_COMMIT_COMMENTS.rstrip(), " " * 10),
        "site": _quote_yaml(site),
        "site_path": _escape_glob(site),
        "site_cache_key": _quote_yaml(f"podcast-site-${{{{ hashFiles('{feeds}') }}}}"),
        "lock_path": _escape_glob(lock),
        "checkout": _CHECKOUT,
        "python": _PYTHON,
        "aws": _AWS,
        "cache": _CACHE,
        "upload_pages": _UPLOAD_PAGES,
        "deploy_pages": _DEPLOY_PAGES,
        "checkout_options": "\n        with: {lfs: true}" if target is CiTarget.PAGES else "",
        "environment": "podcast",
        "permissions": "{contents: read}",
    }
    if target is CiTarget.ROLE:
        values["permissions"] = "{contents: read, id-token: write}"
    if target is CiTarget.PAGES:
        values["environment"] = '{name: github-pages, url: "${{ steps.deployment.outputs.page_url }}"}'
        values["permissions"] = "{contents: read, pages: write, id-token: write}"
    steps = {CiTarget.ROLE: _GITHUB_ROLE, CiTarget.KEYS: _GITHUB_KEYS, CiTarget.PAGES: _GITHUB_PAGES}[target]
    values["setup"] = _GITHUB_SETUP.format_map(values)
    values["comments_setup"] = _GITHUB_SETUP.format_map(values | {"checkout_options": ""})
    options = "lfs: true, " if target is CiTarget.PAGES else ""
    tip = f'\n        with: {{{options}ref: "${{{{ github.ref }}}}"}}   # with the comments of this run'
    values["publish_setup"] = _GITHUB_SETUP.format_map(values | {"checkout_options": tip})
    lines = (f"          {name}: ${{{{ secrets.{name} }}}}\n" for name in ANNOUNCE_VARIABLES)
    values["announce_secrets"] = "".join(lines)
    restore = _GITHUB_PAGES_RESTORE if target is CiTarget.PAGES else ""
    values["publish_steps"] = (restore + _GITHUB_CHECK + steps).format_map(values)
    return _GITHUB.format_map(values)


def _render_gitlab(target: CiTarget, values: dict[str, str]) -> str:
    values = values | {
        "check": _quote_command(values["check"]),
        "publish": _quote_command(values["publish"]),
        "comments": _quote_command(f"{values['comments']} || true"),
        "show_folder": _quote_command(f"cd {shlex.quote('./' + values['show_folder'])}"),
        "commit": textwrap.indent(_COMMIT_COMMENTS.rstrip(), " " * 6),
        "site": _quote_yaml(values["site"]),
        "lock": _quote_yaml(values["lock"]),
    }
    settings = _GITLAB_ROLE_SETTINGS if target is CiTarget.ROLE else ""
    if target is CiTarget.PAGES:
        settings = _GITLAB_PAGES_SETTINGS.format_map(values)
    return _GITLAB.format_map(
        values
        | {
            "credentials_comment": _GITLAB_COMMENTS[target],
            "job": "pages" if target is CiTarget.PAGES else "podcast-publish",
            "job_settings": settings,
            "job_script": _GITLAB_ROLE_SCRIPT if target is CiTarget.ROLE else "",
            "artifact_paths": f"    paths: [{values['site']}]\n" if target is CiTarget.PAGES else "",
        }
    )


def _tool_comment(tool_from: str) -> str:
    if tool_from:
        return "  # What pip installs. To update podcast-kit, write another commit or release here."
    return (
        "  # TO DO: write what pip installs, as git+https://HOST/OWNER/REPOSITORY@COMMIT (all 40 digits of a commit)\n"
        "  # or as https://HOST/NAME.whl#sha256=HASH.\n"
        "  # podcast-kit is not on PyPI; do not install what PyPI may have under that name."
    )


def _github_steps(target: CiTarget) -> tuple[str, ...]:
    if target is CiTarget.PAGES:
        return (
            "in the repository's settings, choose GitHub Actions as the source of Pages",
            "take the recordings out of .gitignore and commit them, or keep them in Git LFS",
        )
    access = {
        CiTarget.ROLE: "the variables AWS_ROLE and AWS_REGION",
        CiTarget.KEYS: "the secrets AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    }[target]
    return (
        f"in the repository's settings, create the environment 'podcast' with {access}",
        "publish once from where the recordings are, and commit podcast.lock",
    )


def _gitlab_steps(target: CiTarget) -> tuple[str, ...]:
    schedule = "add an hourly pipeline schedule for scheduled episodes"
    if target is CiTarget.PAGES:
        return ("take the recordings out of .gitignore and commit them, or keep them in Git LFS", schedule)
    names = {
        CiTarget.ROLE: "AWS_ROLE_ARN and AWS_DEFAULT_REGION",
        CiTarget.KEYS: "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, masked and protected",
    }[target]
    return (
        f"in the CI/CD settings, set the variables {names}",
        "publish once from where the recordings are, and commit podcast.lock",
        schedule,
    )


def _refuse_unusable_name(kind: str, subfolder: str) -> None:
    """Raise InvalidValue for a folder whose name a CI file cannot contain."""
    name = subfolder[:200]
    if _CONTROLS.search(subfolder):
        raise InvalidValue(f"the folder's name {name!r} has control characters", "rename the folder")
    if kind == "gitlab" and "$" in subfolder:
        raise InvalidValue(f"the folder's name {name!r} has a $, which GitLab reads as a variable", "rename the folder")


def _escape_expression(text: str) -> str:
    """Text in which GitHub evaluates no expression."""
    return text.replace("${{", "${{ '${{' }}")


def _escape_glob(path: str) -> str:
    """A path that GitHub's cache takes literally; a line that begins with # or ! would be a comment or an exclusion."""
    escaped = _GLOB_CHARACTERS.sub(_BACKSLASHED, path)
    return f"./{escaped}" if path.startswith(("#", "!")) else escaped


def _quote_command(command: str) -> str:
    """A command as YAML: in quotes where its characters could mean something else."""
    return command if _PLAIN_COMMAND.fullmatch(command) else _quote_yaml(command)


def _quote_yaml(text: str) -> str:
    """A string in double quotes, which YAML reads as JSON does."""
    return json.dumps(text, ensure_ascii=False)
