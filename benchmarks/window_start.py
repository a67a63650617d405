"""How long until the window answers, beside a bare Gradio page started the same way.

    python benchmarks/window_start.py [--rounds N]

Each round starts both as processes of their own, one after the other, and asks until the page
comes; the ratio of the medians is printed, by the clock and by processor seconds, which a busy
computer does not blur. The goal is at most 1.3 by the clock.
"""

import argparse
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import psutil

FOLDER = Path(__file__).resolve().parent.parent
GOAL = 1.3
BARE = """
import sys
import gradio as gr
with gr.Blocks(analytics_enabled=False) as demo:
    gr.Textbox()
demo.launch(server_port=int(sys.argv[1]), quiet=True)
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    bare, ours = [], []
    # The first round warms the disk and counts for neither.
    for number in range(rounds + 1):
        seconds = measure([sys.executable, "-c", BARE]), measure([sys.executable, "app.py"])
        if number:
            bare.append(seconds[0])
            ours.append(seconds[1])
    ratios = []
    for number, unit in enumerate(("s", "s of a processor")):
        one, other = ([seconds[number] for seconds in times] for times in (bare, ours))
        ratios.append(statistics.median(other) / statistics.median(one))
        print(f"bare Gradio  {statistics.median(one):.2f} {unit}  {spread(one)}")
        print(f"the window   {statistics.median(other):.2f} {unit}  {spread(other)}")
    print(f"ratio        {ratios[0]:.2f}  (goal: at most {GOAL})")
    print(f"processor    {ratios[1]:.2f}")
    return 0 if ratios[0] <= GOAL else 1


def measure(command: list[str]) -> tuple[float, float]:
    """Seconds from starting the process to its page, by the clock and of a processor."""
    port = free_port()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        settings = os.environ | {"STUDIO_HOME": home, "GRADIO_ANALYTICS_ENABLED": "False"}
        ours = ["--port", str(port), "--no-browser"] if command[-1] == "app.py" else [str(port)]
        started = time.perf_counter()
        process = subprocess.Popen(
            [*command, *ours],
            cwd=FOLDER,
            env=settings,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait(port, process)
            spent = psutil.Process(process.pid).cpu_times()
            return time.perf_counter() - started, spent.user + spent.system
        finally:
            process.terminate()
            process.wait(timeout=30)


def wait(port: int, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as page:
                page.read()
                return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError(f"It ended with {process.returncode} before it answered.")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def spread(seconds: list[float]) -> str:
    return f"({min(seconds):.2f} to {max(seconds):.2f})"


if __name__ == "__main__":
    raise SystemExit(main())
