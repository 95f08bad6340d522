"""Leaves no event loop behind."""

import asyncio

# Asked for the loop before the first test, Python 3.11 makes one that pytest-asyncio never closes;
# the garbage collector then blames whichever test is running. After this there is none to ask for.
asyncio.set_event_loop(None)
