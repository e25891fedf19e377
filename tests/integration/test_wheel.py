"""What is built is whole: package, migrations, docs page, and the page with its licences."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from mediaport.entrypoints.http.page import is_built
from tests.servers.found import ROOT, missing

PAGE = ("index.html", "licences.md")


@pytest.fixture
def built(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """What hatchling makes of this checkout, whose page is built."""
    if not is_built():
        missing("built page", "run `make page` (needs Node.js)")
    subprocess.run(
        [
            *(sys.executable, "-m", "hatchling", "build"),
            *("--target", request.param, "--directory", tmp_path),
        ],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (built,) = tmp_path.iterdir()
    return built


def source_files() -> set[Path]:
    """Everything that a checkout runs on."""
    return {
        path.relative_to(ROOT)
        for folder in ("src", "migrations")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.mark.parametrize("built", ["wheel"], indirect=True)
def test_the_wheel_holds_all_that_runs(built: Path) -> None:
    names = set(zipfile.ZipFile(built).namelist())

    installed = {
        Path("mediaport", *file.parts[file.parts[0] == "src" :]) for file in source_files()
    }
    assert {str(path) for path in installed} <= names
    assert {f"mediaport/entrypoints/http/page/{name}" for name in PAGE} <= names
    assert {name.partition("/")[0] for name in names if "dist-info" not in name} == {"mediaport"}


@pytest.mark.parametrize("built", ["sdist"], indirect=True)
def test_the_sdist_holds_all_that_the_wheel_is_built_from(built: Path) -> None:
    with tarfile.open(built) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}

    assert {str(path) for path in source_files()} <= names
    assert {f"src/entrypoints/http/page/{name}" for name in PAGE} <= names
    assert not any("node_modules" in name for name in names)
