"""Style of the figures in the documentation, which is in ``matplotlibrc``."""

from pathlib import Path

PATH = Path(__file__).resolve().parent / "matplotlibrc"


def apply(gallery_conf, name):
    """Apply the style before an example; sphinx-gallery resets matplotlib's settings first."""
    import matplotlib

    matplotlib.rcParams.update(matplotlib.rc_params_from_file(PATH, use_default_template=False))
