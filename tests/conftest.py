import os
from pathlib import Path

import pytest

# SciPy reads it when it is imported; without it scikit-learn skips its array-API check.
os.environ["SCIPY_ARRAY_API"] = "1"


@pytest.fixture(scope="session")
def full_mnist():
    """The folder that holds the full MNIST, for tests marked full_data."""
    beside_the_checkout = Path(__file__).resolve().parents[2] / "shared" / "mnist"
    folder = Path(os.environ.get("SKMNIST_DATA") or beside_the_checkout)
    if not (folder / "MNIST" / "raw" / "train-images-idx3-ubyte").is_file():
        pytest.skip(
            f"needs the full MNIST, which is not in {folder}:"
            " SKMNIST_DATA must name the folder that holds MNIST/raw/train-images-idx3-ubyte"
        )
    return folder
