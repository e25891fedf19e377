"""What docs/uploading.md shows is what works."""

import json
import re
import shutil
import subprocess
from base64 import b64encode
from pathlib import Path
from uuid import uuid4

from tests import pictures
from tests.e2e.tab import Tab
from tests.integration.server import Server, User
from tests.servers.found import ROOT, missing

PAGE = (ROOT / "docs/uploading.md").read_text()
UPPY, UPPY_5, BROWSER = re.findall(r"```js\n(.*?)```", PAGE, flags=re.DOTALL)
(CURL,) = re.findall(r"```sh\n(.*?)```", PAGE, flags=re.DOTALL)

# Runs what is shown with a photo of ours; answers with what came of it, and how far it said it was.
RUN = """async ({ body, token }) => {
  %s
  const bytes = Uint8Array.from(atob(body), (each) => each.charCodeAt(0));
  const file = new File([bytes], "photo.jpg", { type: "image/jpeg" });
  const told = [];
  const media = await upload(file, { token, onProgress: (part) => told.push(part) });
  return [media, told.at(-1)];
}"""


def test_the_blocks_for_uppy_are_those_of_the_examples() -> None:
    assert UPPY in (ROOT / "examples/uppy/main.js").read_text()
    assert UPPY_5 in (ROOT / "examples/uppy5/main.js").read_text()


async def test_what_is_shown_for_browsers_uploads(tab: Tab, product: Server) -> None:
    ada = User(product.url, f"ada_{uuid4().hex[:8]}")
    token = ada.http.headers["Authorization"].partition(" ")[2]
    body = b64encode(pictures.picture()).decode()
    await tab.page.goto("/")

    media, part = await tab.page.evaluate(RUN % BROWSER, {"body": body, "token": token})

    assert media["status"] == "ready"
    assert part == 1
    ada.close()


def test_what_is_shown_for_curl_uploads(product: Server, tmp_path: Path) -> None:
    for program in ("curl", "jq"):
        if shutil.which(program) is None:
            missing(program, "install it")
    (tmp_path / "photo.jpg").write_bytes(pictures.picture())
    script = CURL.replace("http://127.0.0.1:8000", product.url).replace(
        "ada", f"a{uuid4().hex[:8]}"
    )
    assert product.url in script

    done = subprocess.run(
        ["sh", "-eu", "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert json.loads(done.stdout)["status"] == "ready"
