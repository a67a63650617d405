"""One training's folder: its clock, its checkpoints, its log. Knows nothing of what is trained.

A stage keeps weights, their average, the optimizer's moments and how far it is in one safetensors
file, written whole or not at all. Random numbers come from (stage, step), so a resumed stage draws
what it would have drawn.
"""

import json
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn

from training.data import SEED

CHECKPOINT_SECONDS = 120
LOG_SECONDS = 20
AVERAGE = 0.999  # of the moving average at the end; it begins shorter
WARM_UP_STEPS = 100


class OutOfTime(Exception):
    """This stretch is over; what was learned is in the checkpoint."""


class Run:
    """A folder a training lives in. until: `time.monotonic()` at which this stretch ends. bf16:
    train in it, where the device has it."""

    def __init__(self, folder: Path, device: str, until: float) -> None:
        self.folder, self.device, self.until = folder, device, until
        self.bf16 = _has_bf16(device)
        folder.mkdir(parents=True, exist_ok=True)

    def say(self, text: str) -> None:
        """A line for the person and for the log."""
        line = f"{time.strftime('%H:%M:%S')} {text}"
        print(line, flush=True)
        with (self.folder / "log.txt").open("a", encoding="utf-8") as log:
            log.write(line + "\n")

    def path(self, name: str) -> Path:
        return self.folder / f"{name}.safetensors"

    def has(self, name: str) -> bool:
        return self.path(name).exists()

    def save(self, name: str, tensors: dict[str, torch.Tensor], facts: dict[str, float]) -> None:
        """Keep tensors and facts under a name; the file appears whole or not at all."""
        own = {key: value.detach().cpu().contiguous().clone() for key, value in tensors.items()}
        temporary = self.folder / f"{name}.part"
        save_file(own, temporary, {"facts": json.dumps(facts)})
        temporary.replace(self.path(name))

    def load(self, name: str) -> tuple[dict[str, torch.Tensor], dict[str, float]]:
        with safe_open(self.path(name), framework="pt") as file:
            facts = json.loads((file.metadata() or {})["facts"])
            return {key: file.get_tensor(key).clone() for key in file.keys()}, facts  # noqa: SIM118

    def autocast(self) -> torch.autocast:
        """The precision of a training step."""
        return torch.autocast(self.device.partition(":")[0], torch.bfloat16, enabled=self.bf16)

    def check_time(self) -> None:
        """Raises OutOfTime when this stretch is over."""
        if time.monotonic() > self.until:
            raise OutOfTime


def _has_bf16(device: str) -> bool:
    """Whether the device multiplies bf16 natively; on other processors it is slower than fp32."""
    if device.startswith("cuda"):
        return torch.cuda.is_bf16_supported()
    can = torch.cpu.get_capabilities()
    return bool(can.get("avx512_bf16") or can.get("amx_bf16"))


class Stage:
    """The training of some modules for so many minutes or steps, over as many stretches as needed.

    modules: name → module; their parameters are trained together. rate: the highest learning rate.
    """

    def __init__(
        self,
        run: Run,
        name: str,
        modules: dict[str, nn.Module],
        rate: float,
        length: tuple[float, int | None],
    ) -> None:
        self.run, self.name, self.modules, self.rate = run, name, modules, rate
        self.seconds, self.steps = length[0] * 60, length[1]
        self.parameters = [p for module in modules.values() for p in module.parameters()]
        self.optimizer = torch.optim.AdamW(
            self.parameters, lr=rate, betas=(0.9, 0.98), weight_decay=0.01
        )
        self.averages = [parameter.detach().clone() for parameter in self.parameters]
        self.step, self.trained_seconds = 0, 0.0
        self._sums: dict[str, float] = {}
        self._since = 0
        if run.has(name):
            self._resume()

    @property
    def progress(self) -> float:
        """0 at the beginning, 1 at the end."""
        if self.steps is not None:
            return min(1.0, self.step / self.steps)
        return min(1.0, self.trained_seconds / self.seconds)

    def train(self, loss: Callable[["Stage"], dict[str, torch.Tensor]]) -> None:
        """Steps until the end. loss: the stage → its losses by name, whose sum is minimised; a
        name that begins with “_” is only logged. Raises OutOfTime, after a checkpoint."""
        for module in self.modules.values():
            module.train()
        logged = kept = time.monotonic()
        while self.progress < 1:
            began = time.monotonic()
            self._one(loss)
            now = time.monotonic()
            self.trained_seconds += now - began
            if now - logged > LOG_SECONDS:
                self._log()
                logged = now
            if now - kept > CHECKPOINT_SECONDS or now > self.run.until:
                self.keep()
                kept = time.monotonic()
                self.run.check_time()
        self._log()
        self.finish()

    def random(self) -> np.random.Generator:
        """The random numbers of this step."""
        return np.random.default_rng((SEED, *self.name.encode(), self.step))

    def noise(self, shape: torch.Size | tuple[int, ...]) -> torch.Tensor:
        """Unit normal numbers on the run's device, drawn from torch's generator of this step."""
        return torch.randn(shape, device=self.run.device)

    def _one(self, loss: Callable[["Stage"], dict[str, torch.Tensor]]) -> None:
        torch.manual_seed(SEED + 7919 * self.step)
        for group in self.optimizer.param_groups:
            group["lr"] = self._rate()
        losses = loss(self)
        total = sum(value for name, value in losses.items() if not name.startswith("_"))
        self.optimizer.zero_grad(set_to_none=True)
        total.backward()  # type: ignore[union-attr]
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimizer.step()
        self.step += 1
        with torch.no_grad():
            blend = 1 - min(AVERAGE, (1 + self.step) / (10 + self.step))
            torch._foreach_lerp_(self.averages, self.parameters, blend)
        self._since += 1
        if self._since % 10 == 1:
            for name, value in losses.items():
                self._sums.setdefault(name, 0.0)
                self._sums[name] += float(value.detach())

    def _rate(self) -> float:
        """Warm-up, then a half cosine down to a fiftieth."""
        falling = 0.5 + 0.5 * math.cos(math.pi * self.progress)
        return self.rate * min(1.0, (self.step + 1) / WARM_UP_STEPS) * (0.02 + 0.98 * falling)

    def _log(self) -> None:
        if not self._since:
            return
        counted = (self._since + 9) // 10
        means = "  ".join(f"{name} {value / counted:.4f}" for name, value in self._sums.items())
        pace = self.step / max(self.trained_seconds, 1e-6)
        self.run.say(
            f"{self.name} {self.progress:6.1%}  step {self.step}  {pace:.2f} steps/s  {means}"
        )
        self._sums, self._since = {}, 0

    def _names(self) -> Iterator[str]:
        for prefix, module in self.modules.items():
            for name, _ in module.named_parameters():
                yield f"{prefix}.{name}"

    def keep(self) -> None:
        """Write the checkpoint."""
        tensors: dict[str, torch.Tensor] = {}
        for name, parameter, average in zip(
            self._names(), self.parameters, self.averages, strict=True
        ):
            tensors[f"weight.{name}"], tensors[f"average.{name}"] = parameter, average
            for moment in ("exp_avg", "exp_avg_sq"):
                if parameter in self.optimizer.state:
                    tensors[f"{moment}.{name}"] = self.optimizer.state[parameter][moment]
        facts = {"step": self.step, "seconds": self.trained_seconds}
        self.run.save(self.name, tensors, facts)

    def _resume(self) -> None:
        tensors, facts = self.run.load(self.name)
        self.step, self.trained_seconds = int(facts["step"]), facts["seconds"]
        with torch.no_grad():
            for name, parameter, average in zip(
                self._names(), self.parameters, self.averages, strict=True
            ):
                parameter.copy_(tensors[f"weight.{name}"])
                average.copy_(tensors[f"average.{name}"])
                if f"exp_avg.{name}" in tensors:
                    self.optimizer.state[parameter] = {
                        "step": torch.tensor(float(self.step)),
                        "exp_avg": tensors[f"exp_avg.{name}"].to(parameter.device),
                        "exp_avg_sq": tensors[f"exp_avg_sq.{name}"].to(parameter.device),
                    }
        self.run.say(f"{self.name} goes on from step {self.step} ({self.progress:.1%})")

    def finish(self) -> None:
        """Put the averages in place of the weights and write them as the stage's result."""
        with torch.no_grad():
            for parameter, average in zip(self.parameters, self.averages, strict=True):
                parameter.copy_(average)
        result = dict(zip(self._names(), self.parameters, strict=True))
        self.run.save(f"{self.name}-done", result, {"step": self.step})
        self.run.path(self.name).unlink(missing_ok=True)


def put(tensors: dict[str, torch.Tensor], prefix: str, module: nn.Module) -> None:
    """Fill a module from a stage's result."""
    own = dict(module.named_parameters())
    with torch.no_grad():
        for name, parameter in own.items():
            parameter.copy_(tensors[f"{prefix}.{name}"])
