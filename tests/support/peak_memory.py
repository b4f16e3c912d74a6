"""How much memory this program took at its height: what a test asks of the program that it started."""

import resource
import sys
from pathlib import Path


def megabytes() -> int:
    """Of this program alone: Linux counts the parent's into ru_maxrss, and tells them apart in /proc."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text("utf-8").partition("VmHWM:")[2].split()[0]) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1 << 20 if sys.platform == "darwin" else 1024)
