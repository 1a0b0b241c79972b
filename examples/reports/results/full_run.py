"""Run a report on full MNIST and save its table as ``report_<number>.json``.

Set SKMNIST_DATA to the folder of the data sets, then run for report 1:

    OMP_NUM_THREADS=1 python examples/reports/results/full_run.py 1

``--hardware`` describes the hardware. The description is stored with the
table.
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
    """Run a report and save its table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "number", type=int, choices=range(1, 6), help="number of the report"
    )
    parser.add_argument(
        "--hardware",
        default="one core of a 2-core x86-64 VM",
        help="description of the hardware (default: %(default)s)",
    )
    arguments = parser.parse_args()

    (script,) = HERE.parent.glob(f"plot_*_report_{arguments.number}_*.py")
    sys.argv = [str(script), "--full"]
    table = runpy.run_path(str(script))["table"]
    results = {
        "date": date.today().isoformat(),
        "versions": {"Python": platform.python_version()}
        | {name: version(name) for name in LIBRARIES},
        "hardware": arguments.hardware,
        "columns": list(table.columns),
        "table": table.astype(str).to_numpy().tolist(),
    }
    path = HERE / f"report_{arguments.number}.json"
    path.write_text(
        json.dumps(results, indent=1, ensure_ascii=False) + "\n",
        encoding="utf-8",
    )
    print(f"results written to {path}")


if __name__ == "__main__":
    main()
