"""Do they answer alike? Before anything is timed, each of them is asked one call of each kind."""

from pathlib import Path
from typing import Any

import httpx

from bench.api.contenders import Contender


def check(contenders: list[Contender], load: Path, *, uploads: bool = False) -> None:
    """Stop unless the same call has an answer of the same shape from all.

    Raises:
        RuntimeError: Two differ, or a signed URL takes no upload.
    """
    line = load.read_text().partition("\n")[0]
    shapes = {}
    for contender in contenders:
        answer = _ask(contender, line)
        shapes[contender.name] = _shape(answer)
        if uploads:
            _upload(contender, answer, line)
    first, *others = shapes.items()
    for name, shape in others:
        if shape != first[1]:
            raise RuntimeError(f"{first[0]} and {name} differ:\n{first[1]}\n{shape}")


def _ask(contender: Contender, line: str) -> Any:
    method, path, token, body = line.split("\t")
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    url = f"{contender.url}{path}"
    answer = httpx.request(method, url, headers=headers, content=body or None, timeout=30)
    if not answer.is_success:
        raise RuntimeError(f"{contender.name}: {answer.text}\n{contender.log[-3000:]}")
    return answer.json()


def _shape(value: Any) -> Any:
    """Names of fields and lengths of lists; of values, whether there is one."""
    if isinstance(value, dict):
        return {name: _shape(each) for name, each in sorted(value.items())}
    if isinstance(value, list):
        return [_shape(each) for each in value]
    return value is not None


def _upload(contender: Contender, presigned: dict[str, Any], line: str) -> None:
    """A PUT as it was signed is taken, and one of another length is refused."""
    size = int(line.rpartition(" ")[2].rstrip("}"))
    upload = presigned["upload"]
    for length, expected in ((size, 200), (size + 1, 403)):
        body = bytes(length)
        put = httpx.put(upload["url"], content=body, headers=upload["headers"], timeout=30)
        if put.status_code != expected:
            raise RuntimeError(f"{contender.name}'s URL was answered {put.status_code}: {put.text}")
