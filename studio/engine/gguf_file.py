"""A GGUF file of an expert, read like a safetensors file of diffusers': tensor by tensor, by
diffusers' names, each brought out of its few bits as it is asked for.

Knows the format; not how weights are kept afterwards.
"""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from gguf import GGMLQuantizationType, GGUFReader
from gguf.gguf_reader import ReaderTensor

from studio.engine import seams

_PLAIN = (GGMLQuantizationType.F32, GGMLQuantizationType.F16)


class GgufTensors:
    """The tensors of a file. shapes: of the model's parameters, because GGUF tells no more than
    four dimensions of some. Raises OSError where a kind of quantization is not known."""

    def __init__(self, path: Path, shapes: Mapping[str, torch.Size], device: torch.device) -> None:
        self._shapes = shapes
        self._device = device
        found = {tensor.name: tensor for tensor in GGUFReader(path).tensors}
        self._tensors: dict[str, ReaderTensor] = {
            new: found[old] for old, new in seams.original_names(found).items()
        }

    def keys(self) -> list[str]:
        return list(self._tensors)

    def get_tensor(self, name: str) -> torch.Tensor:
        """In fp32, fp16 or as its quantization gives it."""
        tensor = self._tensors[name]
        data = torch.from_numpy(tensor.data.copy())
        if tensor.tensor_type not in _PLAIN:
            data = seams.dequantized(data.to(self._device), tensor.tensor_type)
        shape = self._shapes.get(name)
        return data if shape is None or data.numel() != shape.numel() else data.reshape(shape)


@contextlib.contextmanager
def opened(
    path: Path, shapes: Mapping[str, torch.Size], device: torch.device
) -> Iterator[GgufTensors]:
    """device: where it is brought out of its bits. Raises OSError if it is no GGUF file."""
    try:
        yield GgufTensors(path, shapes, device)
    except (ValueError, IndexError) as error:
        raise OSError(f"{path.name} is not a whole GGUF file: {error}") from error
