"""The solver of Wan2.2, able to begin below full noise and to go on from a saved state.

Knows sigmas and steps; not what is being made.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from diffusers import UniPCMultistepScheduler

from studio.engine import seams

TRAINING_STEPS = 1000
ORDER = 2  # how many steps the solver looks back, as the official settings have it


@dataclass(frozen=True, kw_only=True, slots=True)
class SolverState:
    """All that the solver remembers between two steps.

    tensors: sigmas, timesteps, and, where there are any, model_outputs.0 …, last_sample.
    numbers: step_index, lower_order_nums, this_order.
    """

    tensors: dict[str, torch.Tensor]
    numbers: dict[str, int]

    @property
    def predicted(self) -> torch.Tensor:
        """What the last step took the clean latents to be."""
        return self.tensors[f"model_outputs.{ORDER - 1}"]


class StudioUniPC(UniPCMultistepScheduler):
    """UniPC that may start at `sigma_start` or go on from `resumed`; with neither it is the stock
    scheduler, bit for bit."""

    sigma_start: float | None = None
    resumed: SolverState | None = None
    # The whole list of timesteps; what the pipeline walks through is shorter after a resume.
    _planned: torch.Tensor

    def set_timesteps(
        self,
        num_inference_steps: int | None = None,
        device: torch.device | str | None = None,
        **others: Any,
    ) -> None:
        """Spread num_inference_steps from sigma_start (or full noise) down to none.

        The stock method shifts the sigmas it is given, so the start is un-shifted first.
        """
        if self.sigma_start is None or num_inference_steps is None:
            super().set_timesteps(num_inference_steps, device=device, **others)
        else:
            shift = self.config.flow_shift
            start = self.sigma_start / (shift - (shift - 1) * self.sigma_start)
            sigmas = np.linspace(start, 1 / TRAINING_STEPS, num_inference_steps + 1)[:-1]
            super().set_timesteps(device=device, sigmas=sigmas)
        self._planned = self.timesteps
        if self.resumed is not None:
            self._go_on(self.resumed, device)

    def step(self, *given: Any, **named: Any) -> Any:
        """As the stock step, which counts what is left of the whole list."""
        self.timesteps = self._planned
        return super().step(*given, **named)

    def state(self) -> SolverState:
        """What must be kept after a step, for `resumed` to go on with the next."""
        tensors = {"sigmas": self.sigmas, "timesteps": self._planned}
        for number, output in enumerate(self.model_outputs):
            if output is not None:
                tensors[f"model_outputs.{number}"] = output
        if self.last_sample is not None:
            tensors["last_sample"] = self.last_sample
        numbers = {
            "step_index": self.step_index,
            "lower_order_nums": self.lower_order_nums,
            "this_order": self.this_order,
        }
        return SolverState(tensors=tensors, numbers=numbers)

    def predicted(self) -> torch.Tensor:
        """What the last step took the clean latents to be."""
        return self.model_outputs[-1]

    def _go_on(self, state: SolverState, device: torch.device | str | None) -> None:
        tensors, numbers = state.tensors, state.numbers
        self.sigmas, self._planned = tensors["sigmas"], tensors["timesteps"].to(device)
        self.num_inference_steps = len(self._planned)
        self.model_outputs = [
            _on(tensors.get(f"model_outputs.{number}"), device)
            for number in range(self.config.solver_order)
        ]
        self.last_sample = _on(tensors.get("last_sample"), device)
        self.lower_order_nums = numbers["lower_order_nums"]
        self.this_order = numbers["this_order"]
        # The indices stay those of the whole list: the solver looks one and two steps back.
        seams.set_step(self, numbers["step_index"])
        self.timesteps = self._planned[numbers["step_index"] :]


def _on(tensor: torch.Tensor | None, device: torch.device | str | None) -> torch.Tensor | None:
    return None if tensor is None else tensor.to(device)


def scheduler(
    flow_shift: float, sigma_start: float | None = None, resumed: SolverState | None = None
) -> StudioUniPC:
    """The official solver settings with a shot's flow shift, whatever the model's folder says."""
    solver = StudioUniPC(
        num_train_timesteps=TRAINING_STEPS,
        prediction_type="flow_prediction",
        use_flow_sigmas=True,
        solver_order=ORDER,
        flow_shift=flow_shift,
    )
    solver.sigma_start = sigma_start
    solver.resumed = resumed
    return solver
