"""The processes that decode: what an image can do to one of them, and to nobody else."""

import asyncio
import os
import resource
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from mediaport.adapters.pillow.decoding import answers, process
from mediaport.adapters.pillow.decoding.messages import Broken, Order
from mediaport.adapters.pillow.decoding.pool import Decoders, Limits
from mediaport.adapters.pillow.images import PillowImages
from mediaport.application.ports.images import BrokenImage, DecoderLost, ThumbnailSet
from mediaport.application.ports.unavailable import PartUnavailable
from mediaport.domain.policy import ContentType
from tests import pictures

PICTURE = pictures.picture()
LIMITS = Limits.of(max_pixels=40_000_000, sizes=(128, 512, 1024))
Make = Callable[..., Decoders]


@pytest.fixture
async def make() -> AsyncIterator[Make]:
    """Pools of decoders, closed at the end."""
    made: list[Decoders] = []

    def one(*, count: int = 1, limits: Limits = LIMITS) -> Decoders:
        made.append(Decoders(count=count, limits=limits))
        return made[-1]

    yield one
    for each in made:
        await each.close()


def images(decoders: Decoders) -> PillowImages:
    return PillowImages(decoders, max_pixels=40_000_000, quality=80)


def pids(decoders: Decoders) -> list[int]:
    return decoders.idle_pids


async def at_work(decoders: Decoders) -> tuple[asyncio.Task[ThumbnailSet], int]:
    """A picture that was given to a process, and which; it is frozen, so it will not be done."""
    await decoders.start()
    pid = pids(decoders)[-1]
    os.kill(pid, signal.SIGSTOP)
    making = asyncio.create_task(images(decoders).make_thumbnails(PICTURE, sizes=(128,)))
    while pid in pids(decoders):
        await asyncio.sleep(0)
    return making, pid


async def test_one_process_serves_many_images(make: Make) -> None:
    decoders = make()
    await decoders.start()
    started = pids(decoders)

    for _ in range(3):
        await images(decoders).make_thumbnails(PICTURE, sizes=(128,))

    assert len(started) == 1
    assert pids(decoders) == started


async def test_a_worn_process_is_replaced(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_IMAGES_PER_PROCESS", 2)
    decoders = make()
    await decoders.start()
    started = pids(decoders)

    for _ in range(3):
        await images(decoders).make_thumbnails(PICTURE, sizes=(128,))

    assert pids(decoders) != started


@pytest.mark.parametrize("crash", [signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS])
async def test_an_image_that_crashes_its_decoder_is_broken(
    make: Make, crash: signal.Signals
) -> None:
    decoders = make()
    making, pid = await at_work(decoders)
    os.kill(pid, crash)
    os.kill(pid, signal.SIGCONT)

    with pytest.raises(BrokenImage) as broken:
        await making

    assert broken.value.reason == "decoder_crashed"  # row 48
    assert crash.name in str(broken.value)
    assert (await images(decoders).make_thumbnails(PICTURE, sizes=(128,))).thumbnails


async def test_a_decoder_that_is_killed_says_nothing_of_the_image(make: Make) -> None:
    decoders = make()
    making, pid = await at_work(decoders)
    os.kill(pid, signal.SIGKILL)

    with pytest.raises(DecoderLost):
        await making

    assert (await images(decoders).make_thumbnails(PICTURE, sizes=(128,))).thumbnails


async def test_a_decoder_that_died_idle_is_not_asked(make: Make) -> None:
    decoders = make()
    await decoders.start()
    (pid,) = pids(decoders)
    os.kill(pid, signal.SIGKILL)
    while Path(f"/proc/{pid}").exists():
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.2)  # it was waited for; that is told by another thread

    assert (await images(decoders).make_thumbnails(PICTURE, sizes=(128,))).thumbnails


async def test_an_image_that_takes_too_long_is_broken(make: Make) -> None:
    decoders = make(limits=Limits(cpu_s=0, memory_bytes=LIMITS.memory_bytes))
    noise = pictures.picture(ContentType.PNG, image=Image.effect_noise((3000, 3000), 90))

    with pytest.raises(BrokenImage) as broken:
        await images(decoders).make_thumbnails(noise, sizes=(3000,))

    assert broken.value.reason == "too_much_work"  # row 48


async def test_time_is_counted_for_each_image_alone(make: Make) -> None:
    decoders = make(limits=Limits(cpu_s=1, memory_bytes=LIMITS.memory_bytes))
    photo = pictures.picture(image=Image.effect_noise((1500, 1500), 90))
    started = time.monotonic()

    while time.monotonic() - started < 4:
        await images(decoders).make_thumbnails(photo, sizes=(512,))


async def test_an_image_that_needs_too_much_memory_is_broken(make: Make) -> None:
    decoders = make(limits=Limits(cpu_s=10, memory_bytes=160 * 2**20))
    body = pictures.picture(ContentType.PNG, image=Image.new("RGBA", (9000, 4000)))

    with pytest.raises(BrokenImage) as broken:
        await images(decoders).make_thumbnails(body, sizes=(128,))

    assert broken.value.reason == "too_much_memory"  # row 48
    assert (await images(decoders).make_thumbnails(PICTURE, sizes=(128,))).thumbnails


async def test_an_image_that_hangs_delays_no_other(make: Make) -> None:
    decoders = make(count=2)
    hanging, _ = await at_work(decoders)

    async with asyncio.timeout(20):
        assert (await images(decoders).make_thumbnails(PICTURE, sizes=(128,))).thumbnails

    assert not hanging.done()
    hanging.cancel()
    await asyncio.gather(hanging, return_exceptions=True)


async def test_a_decoder_that_hangs_is_given_up(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Limits, "answer_timeout_s", 0.3)
    making, _ = await at_work(make())

    with pytest.raises(DecoderLost, match="no answer"):
        await making


async def test_what_is_cancelled_is_not_decoded_further(make: Make) -> None:
    decoders = make()
    making, pid = await at_work(decoders)

    making.cancel()
    await asyncio.gather(making, return_exceptions=True)

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_what_is_no_answer_is_not_believed(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/echo")

    with pytest.raises(PartUnavailable, match="it started with"):
        await images(make()).make_thumbnails(PICTURE, sizes=(128,))


@pytest.mark.parametrize(("program", "words"), [("/bin/false", "ended with 1"), ("/no", "started")])
async def test_where_no_decoder_starts_the_image_is_not_at_fault(
    make: Make, monkeypatch: pytest.MonkeyPatch, program: str, words: str
) -> None:
    monkeypatch.setattr(sys, "executable", program)

    with pytest.raises(PartUnavailable, match=words):
        await images(make()).make_thumbnails(PICTURE, sizes=(128,))


async def test_closed_while_one_is_at_work_it_leaves_no_process(make: Make) -> None:
    decoders = make()
    making, pid = await at_work(decoders)

    await decoders.close()
    os.kill(pid, signal.SIGCONT)
    await making

    assert pids(decoders) == []
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_started_beside_an_image_there_are_no_more_than_allowed(make: Make) -> None:
    decoders = make(count=2)

    await asyncio.gather(
        decoders.start(),
        *(images(decoders).make_thumbnails(PICTURE, sizes=(128,)) for _ in range(3)),
        decoders.start(),
    )

    assert len(pids(decoders)) == 2


async def test_a_decoder_knows_no_secret(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-secret-that-no-image-needs")
    decoders = make()
    await images(decoders).make_thumbnails(PICTURE, sizes=(128,))

    environment = Path(f"/proc/{pids(decoders)[0]}/environ").read_bytes()

    assert b"PATH=" in environment
    assert b"secret" not in environment.lower()


async def test_a_decoder_ends_with_the_process_that_it_serves(make: Make) -> None:
    program = (
        "import asyncio, os\n"
        "from mediaport.adapters.pillow.decoding.pool import Decoders, Limits\n"
        "async def main():\n"
        "    decoders = Decoders(count=1, limits=Limits.of(max_pixels=1, sizes=(128,)))\n"
        "    await decoders.start()\n"
        "    print(decoders.idle_pids[0], flush=True)\n"
        "    os.kill(os.getpid(), 9)\n"
        "asyncio.run(main())\n"
    )
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await parent.communicate()

    deadline = time.monotonic() + 20
    while Path(f"/proc/{int(out)}/cmdline").exists() and time.monotonic() < deadline:
        if b"decoder" not in Path(f"/proc/{int(out)}/cmdline").read_bytes():
            break  # a zombie has no words, another process has other ones
        await asyncio.sleep(0.05)

    assert time.monotonic() < deadline


async def test_two_images_at_once_share_no_process(make: Make) -> None:
    decoders = make(count=2)

    await asyncio.gather(
        *(images(decoders).make_thumbnails(PICTURE, sizes=(128,)) for _ in range(6))
    )

    assert len(set(pids(decoders))) == 2


async def test_an_animated_giant_costs_no_more_than_an_image_may(make: Make) -> None:
    body, decoders = pictures.animated_giant(), make()
    assert Image.open(BytesIO(body)).n_frames == 60  # type: ignore[attr-defined] # a WebP image has it

    made = await images(decoders).make_thumbnails(body, sizes=(128,))

    status = Path(f"/proc/{pids(decoders)[0]}/status").read_text()
    peak_kb = next(int(line.split()[1]) for line in status.splitlines() if "VmHWM" in line)
    assert made.thumbnails  # row 25
    assert peak_kb < 400_000


def test_a_defect_of_ours_is_told_in_full(monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(answers, "make_thumbnails", stumble)
    order = Order(
        size_bytes=1, sizes=(128,), quality=80, max_pixels=10**6, two_cores=False, cpu_s=9
    )

    with ThreadPoolExecutor(1) as beside:
        told = answers.answer(order, PICTURE, beside)

    assert isinstance(told, Broken)
    assert told.reason == "unexpected_error"
    assert "stumble" in (told.trace or "")


async def test_as_many_scans_as_are_let_pass_cost_no_more_than_an_image_may(make: Make) -> None:
    body = pictures.scan_bomb(89, side=5000)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    decoders = make()

    with suppress(BrokenImage):
        await images(decoders).make_thumbnails(body, sizes=(128, 512, 1024))

    await decoders.close()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 5.5  # row 24
