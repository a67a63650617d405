"""The whole training of the built-in model, by one command, in as many stretches as it takes.

    python -m training.train --out training/out --device cuda
    python -m training.train --out training/out --resume
    python -m training.train --out training/out --vae assets/models/pocket

VAE → words → latents → two experts → a folder in diffusers' layout. See README.md here.
"""

import argparse
import shutil
import time
from pathlib import Path

import torch
from diffusers import UniPCMultistepScheduler, WanPipeline

from studio.models import POCKET
from training import experts, text, vae
from training.card import card
from training.efforts import EFFORTS, SHARES, Effort
from training.run import OutOfTime, Run

LARGEST_MB = 24.0


def train(run: Run, effort: Effort) -> Path:
    """The finished model's folder. Raises OutOfTime when the run's stretch ends before."""
    minutes = {name: effort.minutes * share for name, share in SHARES.items()}
    vae.train(run, effort, minutes["vae"])
    vae.train_decoder(run, effort, minutes["decoder"])
    text.train(run, effort, minutes["words"])
    experts.cache(run, effort)
    experts.train(run, effort, minutes["experts"])
    return export(run)


def export(run: Run) -> Path:
    """The model as published ones are laid out, fp16. Raises ValueError if it is too large."""
    high, low, reader = experts.finished(run)
    network = vae.load(run)
    folder = run.folder / "pocket"
    shutil.rmtree(folder, ignore_errors=True)
    WanPipeline(
        tokenizer=text.tokenizer(),
        text_encoder=reader.encoder.half(),
        vae=network.cpu().half(),
        scheduler=UniPCMultistepScheduler(
            prediction_type="flow_prediction",
            use_flow_sigmas=True,
            flow_shift=POCKET.sampling.flow_shift,
        ),
        transformer=high.half(),
        transformer_2=low.half(),
        boundary_ratio=POCKET.sampling.boundary,
        expand_timesteps=True,
    ).save_pretrained(folder)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
    if size > LARGEST_MB:
        raise ValueError(f"The model is {size:.1f} MB; {LARGEST_MB} MB are allowed.")
    (folder / "README.md").write_text(card(folder), encoding="utf-8")
    run.say(f"finished: {folder}, {size:.1f} MB")
    return folder


def main() -> int:
    """0 when the model is finished, 3 when this stretch ended before: run again with --resume."""
    asked = _arguments()
    if asked.threads:
        torch.set_num_threads(asked.threads)
    # Try a few ways of each convolution: there are many shapes, and its guesses in 3D are poor.
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.benchmark_limit = 4
    run = Run(asked.out, asked.device, until=time.monotonic() + asked.stop_after * 60)
    run.bf16 = run.bf16 and not asked.fp32
    if asked.vae and not run.has("vae-final"):
        vae.take(run, asked.vae, learns_on=asked.latents)
    if asked.experts and not run.has("high-begin"):
        text.take(run, asked.experts, learns_on=asked.words)
        experts.take(run, asked.experts)
    try:
        train(run, _effort(asked))
    except OutOfTime:
        run.say("this stretch is over; run again with --resume")
        return 3
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("training/out"), help="the run's folder")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--minutes", type=float, help="of training altogether")
    parser.add_argument("--stop-after", type=float, default=1e6, help="stop after so many minutes")
    parser.add_argument("--threads", type=int, help="processor threads")
    parser.add_argument("--resume", action="store_true", help="go on with the run in --out")
    parser.add_argument("--vae", type=Path, help="begin with the VAE of this finished model")
    parser.add_argument("--latents", action="store_true", help="all of it learns on, too")
    parser.add_argument(
        "--experts", type=Path, help="begin with the text and the experts of this finished model"
    )
    parser.add_argument("--words", action="store_true", help="that text learns on, too")
    parser.add_argument("--fp32", action="store_true", help="no bf16, even where it is native")
    parser.add_argument("--smoke", action="store_true", help="two steps of everything")
    asked = parser.parse_args()
    if not asked.resume and asked.out.exists() and any(asked.out.iterdir()):
        parser.error(f"{asked.out} is not empty; add --resume to go on with it.")
    return asked


def _effort(asked: argparse.Namespace) -> Effort:
    effort = EFFORTS["smoke" if asked.smoke else asked.device.partition(":")[0]]
    if asked.minutes:
        values = {name: getattr(effort, name) for name in effort.__dataclass_fields__}
        return Effort(**{**values, "minutes": asked.minutes})
    return effort


if __name__ == "__main__":
    raise SystemExit(main())
