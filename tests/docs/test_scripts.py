"""What is shown in TypeScript fits the folder that it is about, and JavaScript can be read."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.docs.blocks import Block, all_blocks, blocks_of
from tests.servers.found import ROOT, missing

PAGE = "frontend/src/upload/README.md"
# What an app has, and the page takes for granted.
OF_THE_APP = "declare const file: File;\ndeclare function token(): string;\n"


def run(*command: str | Path, cwd: Path) -> str:
    """What a program complains of; nothing where all is well."""
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, check=False, timeout=120
    )
    return f"{done.stdout}{done.stderr}" if done.returncode else ""


def test_typescript_fits_the_upload_core(tmp_path: Path) -> None:
    node = shutil.which("node") or missing("Node.js", "install it (nodejs.org)")
    modules = ROOT / "frontend/node_modules"
    if not (modules / "typescript/bin/tsc").exists():
        missing("TypeScript", "run `npm ci` in frontend/")
    shown = [block.text for block in blocks_of(PAGE) if block.language in {"ts", "tsx"}]
    (tmp_path / "app.tsx").write_text("".join([OF_THE_APP, *shown, "export { media, Uploads };\n"]))
    (tmp_path / "upload").symlink_to(ROOT / "frontend/src/upload")
    (tmp_path / "node_modules").symlink_to(modules)
    options = {"preserveSymlinks": True, "noEmit": True}
    config = {"extends": str(ROOT / "frontend/tsconfig.json"), "compilerOptions": options}
    (tmp_path / "tsconfig.json").write_text(json.dumps({**config, "include": ["app.tsx"]}))

    assert run(node, modules / "typescript/bin/tsc", "--project", tmp_path, cwd=tmp_path) == ""


@pytest.mark.parametrize(
    "block", [block for block in all_blocks() if block.language == "js"], ids=str
)
def test_javascript_can_be_read(block: Block, tmp_path: Path) -> None:
    node = shutil.which("node") or missing("Node.js", "install it (nodejs.org)")
    script = tmp_path / "block.mjs"
    script.write_text(block.text)

    assert run(node, "--check", script, cwd=tmp_path) == ""
