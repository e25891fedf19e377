"""What is released is whole, holds nothing else, is built the same again, and runs by itself."""

import os
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from mediaport import __version__
from mediaport.entrypoints.http.page import is_built
from tests.integration.server import Server, environment
from tests.servers.found import ROOT, missing, program

PAGE = ("index.html", "licences.md")
DIST_INFO = ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE")
BESIDE = (".gitignore", "CHANGELOG.md", "LICENSE", "PKG-INFO", "README.md", "pyproject.toml")


def built(target: str, folder: Path, *, source: Path = ROOT, umask: int = 0o022) -> Path:
    """What hatchling makes of a folder with the sources, where there is no Node.js."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", folder],
        cwd=source,
        env={"PATH": os.devnull, "SOURCE_DATE_EPOCH": "1790000000"},
        umask=umask,
        check=True,
        capture_output=True,
    )
    (made,) = folder.iterdir()
    return made


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources of this checkout, whose page is built."""
    if not is_built():
        missing("built page", "run `make page` (needs Node.js)")
    return built("sdist", tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What those sources make."""
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (sources,) = folder.iterdir()
    return built("wheel", tmp_path_factory.mktemp("wheel"), source=sources)


def source_files() -> set[str]:
    """Everything that a checkout runs on."""
    return {
        path.relative_to(ROOT).as_posix()
        for folder in ("src", "migrations")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_holds_all_that_runs_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())

    ours = {f"mediaport/{name.removeprefix('src/')}" for name in source_files()}
    assert names == ours | {f"mediaport-{__version__}.dist-info/{name}" for name in DIST_INFO}
    assert {f"mediaport/entrypoints/http/page/{name}" for name in PAGE} <= names
    assert "mediaport/py.typed" in names
    assert not any(name.endswith((".map", ".ts", ".tsx")) for name in names)


def test_the_sdist_holds_what_the_wheel_is_built_from_and_nothing_else(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {each.name for each in archive.getmembers() if each.isfile()}

    top = f"mediaport-{__version__}"
    assert names == {f"{top}/{name}" for name in {*source_files(), *BESIDE}}


def test_the_same_sources_make_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    again = built("wheel", tmp_path / "again", umask=0o077)

    assert again.name == wheel.name == f"mediaport-{__version__}-py3-none-any.whl"
    assert again.read_bytes() == wheel.read_bytes()


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command of an environment where the wheel is installed.

    What it depends on comes from here, as it is in pyproject.toml; but not this checkout, which a
    file in here names that is read for this environment alone.
    """
    uv = program("uv", usual=[f"{ROOT}/.cache/bootstrap/bin"])
    if uv is None:
        missing("uv", "make install")
    folder = tmp_path_factory.mktemp("installed")
    python = folder / "bin/python"
    make: list[str | Path] = [uv, "venv", "--python", sys.executable, folder]
    install: list[str | Path] = [uv, "pip", "install", "--offline", "--no-deps"]
    for command in (make, [*install, "--python", python, wheel]):
        subprocess.run(command, check=True, capture_output=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return folder / "bin/mediaport"


@pytest.fixture
def server(installed: Path, tmp_path: Path) -> Iterator[Server]:
    """`mediaport serve --migrate` as it was installed."""
    server = Server(tmp_path, command=str(installed))
    server.start()
    yield server
    server.stop()


def test_what_is_installed_runs_by_itself(installed: Path, server: Server, tmp_path: Path) -> None:
    def said_by(*arguments: str) -> str:
        settings = environment(BASE_URL=server.url)
        command = [str(installed), *arguments]
        return subprocess.check_output(command, cwd=tmp_path, env=settings, text=True)

    page = httpx.get(server.url, headers={"Accept": "text/html"})

    assert said_by("--version") == f"mediaport, version {__version__}\n"
    assert page.text.startswith("<!doctype html>")
    assert "thumbnails ready" in said_by("demo")
    assert server.stop() == 0
