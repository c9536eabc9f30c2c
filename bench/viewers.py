"""Run many viewers of one batch in a separate process: `python -m bench.viewers PORT SESSION BATCH COUNT`.

The process prints `ready` once every viewer has received its first frame. When the batch has ended, it prints a JSON
array with each viewer's number of frames and bytes.
"""

import asyncio
import json
import sys

from websockets.asyncio.client import connect
from websockets.typing import Origin

PER_ADDRESS = 50  # the server limits the number of connections per address


async def watch(address: str, origin: str, session: str, first: "asyncio.Semaphore", number: int) -> tuple[int, int]:
    """Receive and acknowledge frames, as the page does, until the batch has ended. Return their number and size."""
    frames = size = 0
    headers = {"Cookie": f"sessionid={session}"}
    source = (f"127.0.1.{1 + number // PER_ADDRESS}", 0)
    async with connect(
        address, origin=Origin(origin), additional_headers=headers, open_timeout=60, local_addr=source
    ) as viewer:
        async for frame in viewer:
            frames += 1
            size += len(frame.encode() if isinstance(frame, str) else frame)
            if frames == 1:
                first.release()
            await viewer.send("seen")
            if "data-ended" in str(frame):
                break
    return frames, size


async def main() -> None:
    port, session, batch, count = sys.argv[1:]
    first = asyncio.Semaphore(0)
    address, origin = f"ws://127.0.0.1:{port}/ws/batches/{batch}/", f"http://127.0.0.1:{port}"
    watching = [asyncio.create_task(watch(address, origin, session, first, number)) for number in range(int(count))]
    for _ in watching:
        await first.acquire()
    print("ready", flush=True)
    seen = await asyncio.gather(*watching)
    print(json.dumps(seen), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
