"""Run a report's example on the full MNIST and keep its table, as ``report_<number>.json``.

    OMP_NUM_THREADS=1 SKMNIST_DATA=<folder> python examples/reports/results/full_run.py 1

The hardware is what ``--hardware`` says.
"""

import argparse
import json
import platform
import runpy
import sys
from datetime import date
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).resolve().parent
LIBRARIES = ("skmnist", "torch", "scikit-learn", "numpy")


def main():
    """Run one report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("number", type=int, choices=range(1, 6), help="of the report")
    parser.add_argument("--hardware", default="one core of a 2-core x86-64 VM")
    arguments = parser.parse_args()

    (script,) = HERE.parent.glob(f"plot_*_report_{arguments.number}_*.py")
    sys.argv = [str(script), "--full"]
    table = runpy.run_path(str(script))["table"]
    results = {
        "date": date.today().isoformat(),
        "versions": {"Python": platform.python_version()}
        | {name: version(name) for name in LIBRARIES},
        "hardware": arguments.hardware,
        "table": table.astype(str).to_numpy().tolist(),
    }
    path = HERE / f"report_{arguments.number}.json"
    path.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
