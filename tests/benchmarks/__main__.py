"""`make bench`: each benchmark beside the programs that do the same, in one run. `ARGS=building` takes one."""

import importlib
import os
import sys
from pathlib import Path


def main() -> None:
    """Run all benchmarks, or those that are named."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # users do not compile the program anew for each command
    here = Path(__file__).parent
    known = sorted(path.stem for path in here.glob("*.py") if not path.stem.startswith("_"))
    for name in sys.argv[1:] or known:
        if name not in known:
            raise SystemExit(f"no benchmark {name!r}; there are {', '.join(known)}")
        module = importlib.import_module(f"tests.benchmarks.{name}")
        print(f"\n== {name}: {(module.__doc__ or '').splitlines()[0]}", flush=True)
        module.main()


if __name__ == "__main__":
    main()
