"""Check the device and the images: ``python -m benchmarks.gpu.probe DEVICE [DATA]``."""

import sys


def check(device, data=None, quick=False):
    """End the program if torch can't use the device, or the images are missing."""
    import torch

    try:
        torch.zeros(1, device=device).cpu()
    except (RuntimeError, AssertionError) as error:  # torch without CUDA asserts
        problem = str(error).strip().partition("\n")[0]
        raise SystemExit(
            f"torch cannot use the device {device} ({problem}). To rehearse without a GPU, pass"
            " --device cpu --quick."
        ) from error

    from .data import load

    try:
        load(data, quick)
    except ModuleNotFoundError as error:
        raise SystemExit(
            f"Reading these images needs the package {error.name}, which is not installed. Install"
            " it, or pass the images as --data mnist.npz, see benchmarks/README.md."
        ) from error


if __name__ == "__main__":
    check(*sys.argv[1:])
