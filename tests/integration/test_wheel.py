"""What is built is whole: package, migrations, docs page."""

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_wheel_holds_all_that_runs(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", tmp_path],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )

    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    files = [
        path.relative_to(ROOT)
        for folder in ("src", "migrations")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]
    installed = {Path("mediaport", *file.parts[file.parts[0] == "src" :]) for file in files}
    assert {str(path) for path in installed} <= names
    assert {name.partition("/")[0] for name in names if "dist-info" not in name} == {"mediaport"}
