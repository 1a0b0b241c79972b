import gc
import os
import random
import re
from pathlib import Path

# One thread: pytest-xdist runs a process on each core, and the data are too small for more.
# torch and BLAS read it when they are imported. Tests of threads set the number that they need.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # two threads wait without using a core
# SciPy reads it when it is imported; without it scikit-learn skips its array-API check.
os.environ["SCIPY_ARRAY_API"] = "1"

import numpy as np  # noqa: E402
import pytest  # noqa: E402
import torch  # noqa: E402
from sklearn.base import BaseEstimator  # noqa: E402

# Let failed assertions in the helpers show their values, as those in the tests do.
pytest.register_assert_rewrite(
    "tests.browser",
    "tests.helpers",
    *(f"tests.{path.parent.name}.helpers" for path in Path(__file__).parent.glob("*/helpers.py")),
)


def pytest_runtest_setup(item):
    """Skip the tests marked gpu if there is none."""
    if item.get_closest_marker("gpu") and not torch.cuda.is_available():
        pytest.skip("needs a GPU")


def pytest_collection_finish():
    """Exempt the thousands of collected tests from garbage collection, which they slow down."""
    gc.collect()
    gc.freeze()


def pytest_make_parametrize_id(val):
    """Name collections by what is in them, without addresses: xdist's workers must agree."""
    if isinstance(val, (dict, list, tuple, BaseEstimator)):
        return re.sub(
            r"<(?:function |built-in method )?([\w.]+)(?: object)?(?: of type object)? at 0x\w+>",
            r"\1",
            " ".join(str(val).split()),
        )
    return None


@pytest.fixture(autouse=True)
def seeded_generators():
    """Seed the global generators, from which the modules and the data of some tests are drawn."""
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)


@pytest.fixture
def small_figures(monkeypatch):
    """Let reports have empty figures: drawing them takes most of their time."""
    from matplotlib.figure import Figure

    from skmnist.reporting import _figures

    def draw(results):
        return Figure(figsize=(1, 1))

    monkeypatch.setattr(_figures, "FIGURES", dict.fromkeys(_figures.FIGURES, draw))


@pytest.fixture(scope="module")
def browser():
    """Headless Chromium, controlled by playwright."""
    from tests.browser import open_chromium

    with open_chromium() as browser:
        yield browser


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
