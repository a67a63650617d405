"""What can go wrong, said so that a creator knows what to do. The rest is bugs, and may crash.

StudioError             shown to the person: what happened, and what to do
├── InvalidRequest      something asked for is not allowed; nothing was started
│   ├── PresetError     a preset file is wrong: names file, line, key and what is allowed
│   └── PictureError    a picture cannot be used
├── NotFound            no clip, preset or model of that name
├── ModelMissing        the model is known but its files are not on this computer
├── DoesNotFit          no plan fits this computer's memory
└── RenderFailed        a render began and could not be finished
    ├── CardLost        the graphics card answers nothing more, to this process
    └── OutOfMemory     it ran out of graphics memory
        └── OutOfMainMemory  it ran out of main memory
"""


class StudioError(Exception):
    """An error for people.

    message: one sentence, what happened. advice: one sentence, what to do about it.
    """

    def __init__(self, message: str, advice: str) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.message} {self.advice}"

    def __reduce__(self) -> tuple[type["StudioError"], tuple[str, str]]:
        # Errors cross from the worker to the window; Exception would only keep one argument.
        return type(self), (self.message, self.advice)


class InvalidRequest(StudioError):
    """Something asked for is not allowed; nothing was started."""


class PresetError(InvalidRequest):
    """A preset file is wrong."""


class PictureError(InvalidRequest):
    """A picture cannot be used."""


class NotFound(StudioError):
    """No clip, preset or model of that name."""


class ModelMissing(StudioError):
    """The model is known but its files are not on this computer."""


class DoesNotFit(StudioError):
    """No plan fits this computer's memory."""


class RenderFailed(StudioError):
    """A render began and could not be finished."""


class CardLost(RenderFailed):
    """The graphics card answers nothing more, to this process: only a new one can go on."""


class OutOfMemory(RenderFailed):
    """A render ran out of graphics memory, or of what `OutOfMainMemory` is about."""


class OutOfMainMemory(OutOfMemory):
    """A render ran out of main memory."""


def of_disk(error: OSError) -> StudioError:
    """What to say where the system refuses a file or a folder, and nobody knew better."""
    what = error.filename or "A file"
    return StudioError(
        f"{what} could not be read or written: {error.strerror or error}.",
        "Make sure that its disk is there, has room and may be written to, then try again.",
    )
