"""Shows for tests: factories with defaults, made of real files."""

import shutil
from datetime import date, timedelta
from pathlib import Path

ROOT = Path(__file__).parents[2]
GUID = "5b322f44-25b3-4fbd-8b64-22c5a5b52800"


def sample(folder):
    """A copy of the sample show, to do with as one likes."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "podcast.yaml", folder)
    shutil.copytree(ROOT / "episodes", folder / "episodes")
    return folder


def small(folder, *, episodes=1, notes="One paragraph.\n", recording="003-what-a-review-is-for.mp3", **front):
    """A show of short notes over one real recording; `front` is added to each front matter."""
    (folder / "episodes").mkdir(parents=True)
    shutil.copy(ROOT / "episodes/art/cover.jpg", folder / "cover.jpg")
    (folder / "podcast.yaml").write_text(
        "title: A small show\ndescription: Made for a test.\nauthor: Tester\nlanguage: en\n"
        "owner: {name: Tester, email: t@pod.example}\nartwork: cover.jpg\ncategories: [Technology]\n"
        "explicit: false\nlisten: {apple: 1000000001}\n"
        "publish: {url: 'https://pod.example/', to: public}\n"
    )
    for number in range(1, episodes + 1):
        add(folder, number, notes=notes, recording=recording, **front)
    return folder


def add(folder, number, *, notes="One paragraph.\n", recording="003-what-a-review-is-for.mp3", **front):
    """One more episode; its file of notes."""
    name = f"{number:03d}-talk"
    day = date(2020, 1, 1) + timedelta(days=number)
    keys = {"title": f"Talk {number}", "date": f"{day} 08:00", "guid": f"{GUID}{number:04d}", "number": number} | front
    path = folder / "episodes" / f"{name}.md"
    path.write_text("---\n" + "".join(f"{key}: {value}\n" for key, value in keys.items()) + f"---\n{notes}")
    if recording:
        shutil.copy(ROOT / "episodes" / recording, folder / "episodes" / f"{name}{Path(recording).suffix}")
    return path


def tree(folder):
    """Every file below a folder with its bytes."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
