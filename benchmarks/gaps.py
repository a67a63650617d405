"""The gaps that torch leaves in graphics memory: python benchmarks/gaps.py

torch keeps the memory that it gave back, cut into pieces, and a tensor finds no room between them
although enough is free. This takes what one forward of a published model makes and frees (traced
without weights, one block being like another) through the rules of torch's caching allocator
(c10/cuda/CUDACachingAllocator.cpp: sizes in steps, the smallest block that fits, cut where that is
allowed, unused blocks released before giving up), and prints what it reserves: as torch is, and
with the setting that the studio starts it with (`studio.engine.SURROUNDINGS`), where memory ends a
little above the most that lives at once.
"""

import bisect
import sys
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from benchmarks import weightless
from benchmarks.weightless import FourBits
from studio.engine import MAX_SPLIT_MB
from studio.models import MODELS
from studio.plan import GIB

MIB = 1024**2
NEVER = 2**62  # larger than any block: all may be cut
# Of the allocator: what sizes are rounded up to; up to where tensors are small; what it takes from
# the driver for small ones, for middling ones and in steps for large ones.
STEP, SMALL, SMALL_PIECE, MIDDLING, MIDDLING_PIECE, LARGE_STEP = (
    512,
    MIB,
    2 * MIB,
    10 * MIB,
    20 * MIB,
    2 * MIB,
)
LAYERS = 3
SPARE_GB = (0.3, 0.6, 1.0)
CASES = (
    ("t2v-a14b", (832, 480)),
    ("t2v-a14b", (1280, 720)),
    ("ti2v-5b", (832, 480)),
    ("ti2v-5b", (1280, 704)),
)


class NoRoomError(Exception):
    """The allocator would have raised OutOfMemoryError."""


@dataclass(eq=False, slots=True)
class _Block:
    """A stretch of memory; its neighbours were cut from the same piece."""

    size: int
    small: bool
    free: bool = False
    before: "_Block | None" = None
    behind: "_Block | None" = None

    @property
    def rank(self) -> tuple[int, int]:
        return (self.size, id(self))


@dataclass(slots=True)
class Allocator:
    """torch's caching allocator on one stream. limit, max_split: bytes it may reserve; blocks of
    so many bytes or more are not cut."""

    limit: float
    max_split: float = NEVER
    reserved: int = 0
    most_reserved: int = 0
    taken: int = 0  # pieces from the driver, each of which waits for the card
    _free: dict[bool, list[_Block]] = field(default_factory=lambda: {True: [], False: []})
    _live: dict[int, _Block] = field(default_factory=dict)

    def make(self, number: int, size: int) -> None:
        """Raises NoRoomError."""
        size = max(STEP, -(-size // STEP) * STEP)
        block = self._found(size) or self._new(size)
        if block is None and self._let_go_enough(size):
            block = self._new(size)
        if block is None:
            self._let_go_of_all()
            block = self._new(size)
        if block is None:
            raise NoRoomError
        rest = block.size - size
        if rest >= STEP if block.small else size < self.max_split and rest > SMALL:
            other = _Block(rest, block.small, before=block, behind=block.behind)
            if block.behind:
                block.behind.before = other
            block.size, block.behind = size, other
            self._offer(other)
        self._live[number] = block

    def drop(self, number: int) -> None:
        block = self._live.pop(number)
        if (before := block.before) and before.free:
            self._withdraw(before)
            block.size, block.before = block.size + before.size, before.before
            if block.before:
                block.before.behind = block
        if (behind := block.behind) and behind.free:
            self._withdraw(behind)
            block.size, block.behind = block.size + behind.size, behind.behind
            if block.behind:
                block.behind.before = block
        self._offer(block)

    def _found(self, size: int) -> _Block | None:
        free = self._free[size <= SMALL]
        index = bisect.bisect_left(free, (size, 0), key=lambda block: block.rank)
        if index == len(free):
            return None
        block = free[index]
        too_large = block.size >= (
            self.max_split if size < self.max_split else size + MIDDLING_PIECE
        )
        if too_large and not block.small:
            return None
        self._withdraw(block)
        return block

    def _new(self, size: int) -> _Block | None:
        if size <= SMALL:
            piece = SMALL_PIECE
        elif size < MIDDLING:
            piece = MIDDLING_PIECE
        else:
            piece = -(-size // LARGE_STEP) * LARGE_STEP
        if self.reserved + piece > self.limit:
            return None
        self.reserved += piece
        self.most_reserved = max(self.most_reserved, self.reserved)
        self.taken += 1
        return _Block(piece, size <= SMALL)

    def _let_go_enough(self, size: int) -> bool:
        """Of uncut blocks one that is large enough, or the largest until they are."""
        wanted, free = max(size, self.max_split), self._free[False]
        index = bisect.bisect_left(free, (wanted, 0), key=lambda block: block.rank)
        if index < len(free):
            self._let_go(free[index])
            return True
        gone = 0
        while free and free[-1].size >= self.max_split and gone < wanted:
            gone += free[-1].size
            self._let_go(free[-1])
        return gone >= wanted

    def _let_go_of_all(self) -> None:
        for free in self._free.values():
            for block in [block for block in free if not block.before and not block.behind]:
                self._let_go(block)

    def _let_go(self, block: _Block) -> None:
        self._withdraw(block)
        self.reserved -= block.size

    def _offer(self, block: _Block) -> None:
        block.free = True
        bisect.insort(self._free[block.small], block, key=lambda each: each.rank)

    def _withdraw(self, block: _Block) -> None:
        free = self._free[block.small]
        del free[bisect.bisect_left(free, block.rank, key=lambda each: each.rank)]
        block.free = False


def traced(id: str, size: tuple[int, int]) -> weightless.Live:
    """What lives in a forward of the middle of an expert in 4 bits."""
    spec = MODELS[id]
    with FakeTensorMode(), torch.no_grad():
        extent = weightless.extent_of(spec, size)
        return weightless.forward(spec, extent, LAYERS, torch.bfloat16, FourBits)


def replay(live: weightless.Live, allocator: Allocator) -> Allocator:
    """Two forwards through an allocator. Raises NoRoomError."""
    for forward in range(2):
        allocator.taken = 0
        there: set[int] = set()
        for number, size in live.events:
            number += forward * len(live.events)
            if size:
                allocator.make(number, size)
                there.add(number)
            elif number in there:
                allocator.drop(number)
                there.remove(number)
        for number in there:
            allocator.drop(number)
    return allocator


def main() -> int:
    print("model     size       lives  torch reserves  where memory ends so far above, with the")
    print(
        "                      GB     GB              setting: GB and pieces taken (without: fits)"
    )
    for id, size in CASES:
        live = traced(id, size)
        line = f"{id:<9} {size[0]}×{size[1]:<6} {live.peak / GIB:5.2f}  "
        line += f"{replay(live, Allocator(NEVER)).most_reserved / GIB:5.2f}          "
        for spare in SPARE_GB:
            limit = live.peak + spare * GIB
            set_so = replay(live, Allocator(limit, MAX_SPLIT_MB * MIB))
            line += f"  +{spare}: {set_so.most_reserved / GIB:.2f}, {set_so.taken} "
            line += "(yes)" if _fits(live, limit) else "(no)"
        print(line)
    return 0


def _fits(live: weightless.Live, limit: float) -> bool:
    try:
        replay(live, Allocator(limit))
    except NoRoomError:
        return False
    return True


if __name__ == "__main__":
    raise SystemExit(main())
