"""Run one part in this process: ``python -m benchmarks.gpu.child SETTINGS.json``."""

import faulthandler
import json
import os
import pkgutil
import sys
import time
from pathlib import Path

from .parts import PARTS
from .run import Run
from .settings import Settings


def run_part(settings):
    """Run a part and record its outcome."""
    run = Run(settings)
    start = time.monotonic()
    content = run.record.content
    with run.record.attempt(PARTS[settings.part].title):
        pkgutil.resolve_name(f"benchmarks.gpu.{PARTS[settings.part].function}")(run)
    content["seconds"] = round(time.monotonic() - start, 1)
    content["status"] = "failed" if content["failures"] else "done"
    run.record.save()


def main(path):
    settings = Settings(**json.loads(Path(path).read_text()))
    # Where it hangs, in case it is stopped.
    faulthandler.dump_traceback_later(max(1.0, settings.end - time.time()))
    run_part(settings)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # a device that failed could not be released


if __name__ == "__main__":
    main(sys.argv[1])
