"""Weights that wait in main memory and come to the card for as long as they are needed.

A model is cut into units: each of its blocks, and all the rest. Most units come when the model
does. Of the others, which do not fit beside them, each comes while the one before it works, into
room that the one before that has left; so the card never holds more than the plan allows, and
nothing is allocated on the way. Works with quantized blocks. Knows modules and memory; not models
by name, nor files.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import nn

from studio.engine import quantize
from studio.plan import SLOTS

# Where a tensor may begin, in bytes, as if it were allocated by itself: CUDA does so at 256, and
# kernels that read from elsewhere may round otherwise.
ALIGNMENT = 256


class Mover:
    """Brings pieces of main memory to a device, at once.

    What `fetch` and `mark` give is for `wait` and `fetch` of the same mover only.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device

    def room(self, size: int) -> torch.Tensor:
        """Bytes on the device, uint8 [size]."""
        return torch.empty(size, dtype=torch.uint8, device=self.device)

    def pin(self, home: torch.Tensor) -> None:
        """Make a piece of main memory quick to fetch, where that is possible."""

    def unpin(self, home: torch.Tensor) -> None:
        """Take `pin` back."""

    def mark(self) -> Any:
        """This point of the computation."""

    def fetch(self, home: torch.Tensor, room: torch.Tensor, _after: Any) -> Any:
        """Begin to copy home into room once the computation has passed the mark; its arrival."""
        room.copy_(home)

    def wait(self, _arrival: Any) -> None:
        """Let the computation go on only after the arrival."""

    def finish(self) -> None:
        """Return when nothing is under way any more."""


class CudaMover(Mover):
    """Copies on a stream of its own, beside the computation: equal to the bit to a model that stays
    on the card, measured with 18 of 30 blocks coming and going (`benchmarks/results.jsonl`)."""

    def __init__(self, device: torch.device) -> None:
        super().__init__(device)
        self._copies = torch.cuda.Stream(device)
        self._pinned: set[int] = set()

    def pin(self, home: torch.Tensor) -> None:
        # torch's own pinned memory is rounded up to a power of two and never given back.
        failed = int(torch.cuda.cudart().cudaHostRegister(home.data_ptr(), home.nbytes, 0))
        if not failed:
            self._pinned.add(home.data_ptr())
            return
        # The system allows no more; it is copied more slowly then. The error waits for the next
        # kernel to report it: this one.
        try:
            torch.ones(1, device=self.device)
        except RuntimeError:
            return

    def unpin(self, home: torch.Tensor) -> None:
        if home.data_ptr() in self._pinned:
            self._pinned.remove(home.data_ptr())
            torch.cuda.cudart().cudaHostUnregister(home.data_ptr())

    def mark(self) -> torch.cuda.Event:
        return torch.cuda.current_stream(self.device).record_event()

    def fetch(
        self, home: torch.Tensor, room: torch.Tensor, after: torch.cuda.Event
    ) -> torch.cuda.Event:
        with torch.cuda.stream(self._copies):
            self._copies.wait_event(after)
            room.copy_(home, non_blocking=True)
            return self._copies.record_event()

    def wait(self, arrival: torch.cuda.Event) -> None:
        torch.cuda.current_stream(self.device).wait_event(arrival)

    def finish(self) -> None:
        self._copies.synchronize()


def mover(device: torch.device) -> Mover:
    """The mover for a device."""
    return CudaMover(device) if device.type == "cuda" else Mover(device)


class Unit:
    """The tensors of some modules, at home in main memory, and side by side wherever they go."""

    def __init__(self, modules: Iterable[nn.Module]) -> None:
        self._places = [place for module in modules for place in quantize.places(module)]
        self._homes = [place.get() for place in self._places]
        sizes = [-(-home.nbytes // ALIGNMENT) * ALIGNMENT for home in self._homes]
        self._starts = list(itertools.accumulate(sizes, initial=0))

    @property
    def size(self) -> int:
        """Bytes side by side."""
        return self._starts[-1]

    def packed(self) -> torch.Tensor:
        """Make the homes one piece, uint8 [size], one after the other, and give it."""
        piece = torch.empty(self.size, dtype=torch.uint8)
        for index, view in enumerate(self._views(piece)):
            view.copy_(self._homes[index])
            self._homes[index] = view
            self._places[index].put(view)
        return piece

    def move_in(self, room: torch.Tensor) -> None:
        """Make the modules compute with what lies in room, uint8 [size] or more."""
        for place, view in zip(self._places, self._views(room), strict=True):
            place.put(view)

    def go_home(self) -> None:
        for place, home in zip(self._places, self._homes, strict=True):
            place.put(home)

    def pieces(self, room: torch.Tensor) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Each tensor at home, and where it goes in room."""
        yield from zip(self._homes, self._views(room), strict=True)

    def _views(self, room: torch.Tensor) -> Iterator[torch.Tensor]:
        for start, home in zip(self._starts, self._homes, strict=False):
            yield room[start : start + home.nbytes].view(home.dtype).view(home.shape)


class _Streamed(NamedTuple):
    """A block that comes anew in every forward. home: its unit's, in one piece. follower: the
    block that comes into the room it leaves."""

    block: nn.Module
    unit: Unit
    home: torch.Tensor
    follower: int


class _Slot(NamedTuple):
    """Room on the device, and when what was last fetched into it arrives."""

    room: torch.Tensor
    arrival: Any


class OnCall:
    """A model whose weights wait in main memory, and which can come to the device to work.

    blocks: those of its modules that it runs one after the other, once in each forward. streamed:
    how many of them come anew in every forward, evenly spread; the others stay while the model
    does. Its weights are taken as they are now: what is added to it must be there before.
    """

    def __init__(
        self, model: nn.Module, blocks: Sequence[nn.Module], streamed: int, mover: Mover
    ) -> None:
        chosen = spread(len(blocks), streamed)
        in_blocks = {module for block in blocks for module in block.modules()}
        rest = (module for module in model.modules() if module not in in_blocks)
        units = [Unit(block.modules()) for block in blocks]
        self._mover = mover
        self._staying = [Unit(rest), *(units[i] for i in range(len(units)) if i not in chosen)]
        self._streamed = {
            index: _Streamed(blocks[index], units[index], units[index].packed(), follower)
            for index, follower in zip(chosen, [*chosen[SLOTS:], *chosen[:SLOTS]], strict=True)
        }
        self._slots: dict[int, _Slot] = {}
        self._hooks: list[Any] = []

    def enter(self) -> None:
        """Come to the device."""
        start = self._mover.mark()
        for unit in self._staying:
            room = self._mover.room(unit.size)
            for home, place in unit.pieces(room):
                self._mover.wait(self._mover.fetch(home, place, start))
            unit.move_in(room)
        for index, one in self._streamed.items():
            self._mover.pin(one.home)
            self._hooks += [
                one.block.register_forward_pre_hook(lambda *_, index=index: self._arrive(index)),
                one.block.register_forward_hook(lambda *_, index=index: self._make_way(index)),
            ]
        size = max((one.unit.size for one in self._streamed.values()), default=0)
        for index in [*self._streamed][:SLOTS]:
            self._fetch(index, self._mover.room(size), start)

    def leave(self) -> None:
        """Go home, and leave nothing on the device."""
        for hook in self._hooks:
            hook.remove()
        self._hooks = []
        self._mover.finish()
        self._slots = {}
        for unit in self._staying:
            unit.go_home()
        for one in self._streamed.values():
            one.unit.go_home()
            self._mover.unpin(one.home)

    def _arrive(self, index: int) -> None:
        """Before a streamed block works."""
        slot = self._slots[index]
        self._mover.wait(slot.arrival)
        self._streamed[index].unit.move_in(slot.room)

    def _make_way(self, index: int) -> None:
        """Once a streamed block has been told to work: another comes as soon as it has."""
        one, slot = self._streamed[index], self._slots.pop(index)
        one.unit.go_home()
        self._fetch(one.follower, slot.room, self._mover.mark())

    def _fetch(self, index: int, room: torch.Tensor, after: Any) -> None:
        home = self._streamed[index].home
        self._slots[index] = _Slot(room, self._mover.fetch(home, room[: len(home)], after))


def spread(count: int, chosen: int) -> list[int]:
    """Which of count things to choose so that the chosen ones lie evenly among the others."""
    return [i for i in range(count) if (i + 1) * chosen // count > i * chosen // count]
