"""What `make` does where there is no Node.js: the product runs all the same."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.servers.found import ROOT, missing

TOOLS = ("cat", "env", "find", "make", "sh", "test", "touch", "uname")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The Makefile beside an environment that is installed already."""
    if shutil.which("make") is None:
        missing("make", "install it")
    for folder in ("frontend/node_modules", "requirements", ".venv/bin", "tools"):
        (tmp_path / folder).mkdir(parents=True)
    for name in ("Makefile", "pyproject.toml", "requirements/dev.txt", "frontend/package.json"):
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "frontend/package-lock.json", tmp_path / "frontend")
    (tmp_path / ".venv/installed").touch()
    for name in TOOLS:
        if found := shutil.which(name):
            (tmp_path / "tools" / name).symlink_to(found)
    put(tmp_path / ".venv/bin/mediaport", 'echo "mediaport $*"')
    return tmp_path


def put(program: Path, does: str) -> None:
    program.write_text(f"#!/bin/sh\n{does}\n")
    program.chmod(0o755)


def make(checkout: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    kept = {"PATH": str(checkout / "tools"), "HOME": os.environ.get("HOME", "/"), **settings}
    command = [str(shutil.which("make")), *arguments]
    return subprocess.run(
        command, cwd=checkout, env=kept, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize("version", [None, "20.18.1", "21.7.0", "22.11.0"])
def test_without_a_new_enough_node_it_runs_and_says_so_once(
    checkout: Path, version: str | None
) -> None:
    if version:
        pretend_node(checkout, version)

    done = make(checkout, "run")

    said, started = done.stdout.splitlines()
    assert "Node.js 20.19 or later" in said
    assert "/docs" in said
    assert started == "mediaport serve --migrate"
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("version", ["20.19.0", "22.12.0", "24.1.0"])
def test_a_page_that_cannot_be_built_keeps_nothing_from_running(
    checkout: Path, version: str
) -> None:
    pretend_node(checkout, version)  # its npm does nothing, so there are no modules

    done = make(checkout, "run")

    assert "The page was not built" in done.stdout
    assert done.stdout.endswith("mediaport serve --migrate\n")


def test_building_the_page_without_node_fails(checkout: Path) -> None:
    done = make(checkout, "page")

    assert done.returncode != 0
    assert "Node.js 20.19 or later" in done.stderr


def test_a_page_that_is_built_needs_no_node(checkout: Path) -> None:
    built = checkout / "src/entrypoints/http/page/index.html"
    built.parent.mkdir(parents=True)
    (checkout / "frontend/node_modules/.package-lock.json").touch()
    built.touch()

    assert make(checkout, "run").stdout == "mediaport serve --migrate\n"


def pretend_node(checkout: Path, version: str) -> None:
    """Programs that answer as Node.js of some version, and an npm that can do nothing."""
    real = shutil.which("node") or missing("Node.js", "install it (nodejs.org)")
    patched = f"Object.defineProperty(process.versions, 'node', {{ value: '{version}' }})"
    (checkout / "tools/version.cjs").write_text(patched)
    put(checkout / "tools/node", f'exec {real} -r "${{0%/*}}/version.cjs" "$@"')
    put(checkout / "tools/npm", "exit 1")
