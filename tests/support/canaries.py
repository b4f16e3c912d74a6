"""Every secret of a test is a canary: after each command of the suite, its output and all files are searched for it."""

import os
import re
from pathlib import Path

SECRET_NAME = re.compile(r"SECRET|TOKEN|PASSWORD|WEBHOOK|(?<!ACCESS)_KEY$")
"""Names of variables whose values no output and no file may have."""
MIN_SECRET_LEN = 8
SECRET_FILES = {"subscribers.key", "subscribers.txt"}
"""Files that hold secrets on purpose; git ignores them."""
MAX_SEARCHED_BYTES = 5_000_000


def secrets_in(environment):
    """The secrets of an environment, by the names of their variables."""
    return {
        name: value
        for name, value in environment.items()
        if value and len(value) >= MIN_SECRET_LEN and SECRET_NAME.search(name)
    }


def leaks_in_text(text, secrets):
    """The names of the secrets in a text; a line that asks GitHub to mask one is not shown."""
    shown = "\n".join(line for line in text.splitlines() if not line.startswith("::add-mask::"))
    return sorted(name for name, secret in secrets.items() if len(secret) >= MIN_SECRET_LEN and secret in shown)


def leaks_in_files(folder, secrets):
    """File and name of each secret in a file below a folder."""
    wanted = {name: secret.encode() for name, secret in secrets.items() if len(secret) >= MIN_SECRET_LEN}
    leaks = []
    for path in sorted(folder.rglob("*")) if wanted else ():
        if path.name in SECRET_FILES or path.is_symlink() or not path.is_file():
            continue
        if not os.access(path, os.R_OK) or path.stat().st_size > MAX_SEARCHED_BYTES:
            continue
        data = Path(path).read_bytes()
        leaks += [(path.relative_to(folder).as_posix(), name) for name, secret in wanted.items() if secret in data]
    return leaks
