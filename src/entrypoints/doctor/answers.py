"""What a store has answered, in words."""

import httpx

from mediaport.entrypoints.doctor.checks import Ailment


def refused(answer: httpx.Response, otherwise: str, mend: str) -> str:
    """What a refusal looks like; `otherwise` is what it means when there is none.

    Raises:
        Ailment: There is none.
    """
    if not answer.is_client_error:
        raise Ailment(f"{otherwise}: {shown(answer)}", mend=mend)
    return shown(answer)


def shown(answer: httpx.Response) -> str:
    """Status, and S3's code, if there is one."""
    _, _, rest = answer.text.partition("<Code>")
    return f"{answer.status_code} {rest.partition('</Code>')[0]}".strip()
