"""`python -m bench.reloads`: what a daemon says of each bad configuration and environment, as a
table, and how long the reading of a large one holds its loop.
"""

import asyncio
import time

from fakes.bad_reloads import CASES, Running, running
from structlog.testing import capture_logs


async def longest_hold(it: Running) -> float:
    """Seconds that the loop works at one stretch, at most, while 100,000 ids are read in vain; of
    the processor's time, so that what else the machine does is no matter.
    """
    ids = ", ".join(map(str, range(100_000)))
    it.scene.change("[1, 2, 3]", f"[{ids}]")
    it.scene.add("recievers: []\n")
    reading, longest = asyncio.ensure_future(it.daemon.reload()), 0.0
    while not reading.done():
        begun = time.thread_time()
        await asyncio.sleep(0.001)
        longest = max(longest, time.thread_time() - begun)
    assert "recievers" in reading.result()[0]
    it.scene.put_right()
    return longest


async def show() -> None:
    """As a table in Markdown."""
    print("| spoilt | what it says | metric | log lines | goes on as before |")
    print("|---|---|---|---|---|")
    async with running() as it:
        for case in CASES:
            told = await it.suffers(case)
            said = told.problems[0].replace(str(it.scene.folder), "…").replace("|", "\\|")
            row = (
                case.name,
                said,
                told.metric,
                len(told.log),
                "yes" if told.is_same else "no",
            )
            print("| " + " | ".join(map(str, row)) + " |")
        problems, polls = await it.daemon.reload(), len(it.pbx.batches)
        await it.polls(2)
        print(
            f"\n{len(CASES)} in all; then a sound one: {problems or 'taken'}, metric {it.metric};"
        )
        print(f"{polls} polls meanwhile, {it.pbx.tokens_issued} login;")
        held = await longest_hold(it)
        print(f"a file with 100,000 ids and a misspelt key holds the loop for {held * 1000:.0f} ms")


if __name__ == "__main__":
    with capture_logs():
        asyncio.run(show())
