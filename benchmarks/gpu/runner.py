"""Run the parts one after another, within a total time, and write the summary after each.

This process doesn't use the device: a part that loses it, crashes or hangs ends alone.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from .parts import PARTS
from .record import write_json
from .settings import Settings
from .table import as_markdown, last_line, rows

CHECKOUT = Path(__file__).parents[2]
_LEAST = 5  # seconds that a part needs


def run_all(args):
    """Run the parts; return the exit status, which is 1 if one of them failed."""
    out = args.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    data = None if args.data is None else str(Path(args.data).resolve())
    _check(args, data)
    for name in args.parts:
        (out / f"{name}.json").unlink(missing_ok=True)
    failed, measured = False, None  # measured: the latest part that knows its environment
    for name in args.parts:
        left = args.limit - (time.monotonic() - start)
        seconds = round(min(PARTS[name].seconds, left), 1)
        content = run_one(
            Settings(name, args.device, args.quick, data, str(out), seconds, time.time())
        )
        failed |= content["status"] != "done"
        _show(content, time.monotonic() - start)
        if measured is None or "environment" in content:
            measured = content
        others = write_summary(out, measured)
    if others:
        print(f"Not in the table, because of other settings or libraries: {', '.join(others)}")
    print(f"\nWritten to {out}: summary.json, table.md and a file for each part")
    return int(failed)


def _check(args, data):
    """End the program if the device or the images are missing."""
    if args.device == "cpu":
        from .probe import check

        check(args.device, data, args.quick)
        return
    # In a process of its own: this one doesn't use the device.
    arguments = [args.device] if data is None else [args.device, data]
    try:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.gpu.probe", *arguments],
            cwd=CHECKOUT,
            stderr=subprocess.PIPE,
            text=True,
            timeout=args.limit,
        )
    except subprocess.TimeoutExpired:
        raise SystemExit(f"The device {args.device} did not answer in {args.limit:g} s.") from None
    if done.returncode:
        raise SystemExit(last_line(done.stderr))


def run_one(settings):
    """Run a part and return the content of its file.

    On the CPU it runs in this process: a rehearsal would spend most of its time on imports.
    """
    if settings.seconds < _LEAST:
        content = _read(settings) | {"status": "out of time"}
        write_json(settings.path, content)
    elif settings.device == "cpu":
        from .child import run_part

        run_part(settings)
    else:
        run_in_child(settings)
    return _read(settings)


def run_in_child(settings, module="benchmarks.gpu.child"):
    """Run a part in a new process, and record if it crashes or is stopped."""
    with tempfile.TemporaryDirectory() as folder:
        task, log = Path(folder) / "task.json", Path(folder) / "log"
        task.write_text(json.dumps(asdict(settings)))
        with log.open("wb") as file:
            child = subprocess.Popen(
                [sys.executable, "-m", module, str(task)],
                cwd=CHECKOUT,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            status = None
            try:
                if child.wait(settings.seconds):
                    status = f"crashed with exit status {child.returncode}"
            except subprocess.TimeoutExpired:
                status = f"stopped after {settings.seconds:.0f} s"
            finally:
                _stop(child)
        output = log.read_text(errors="replace")[-8000:]
    content = _read(settings) | {"output": output}
    if status is not None:
        content["status"] = status
    write_json(settings.path, content)


def _stop(child):
    """Stop a process and those that it started."""
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _read(settings):
    """Return what a part has written; it may have ended before its first measure."""
    if not settings.path.exists():
        return {**asdict(settings), "measures": {}, "skipped": [], "failures": []}
    return json.loads(settings.path.read_text(encoding="utf-8"))


def write_summary(out, latest):
    """Write the summary and the table of all parts that were measured like the latest one.

    A part that had no time, or crashed at once, doesn't know its environment, and is among them.

    Returns
    -------
    list of str
        The files of parts that were measured with other settings or libraries.
    """
    contents, others = {}, []
    for name in PARTS:
        path = out / f"{name}.json"
        if path.exists():
            content = json.loads(path.read_text(encoding="utf-8"))
            if _setting(content) in (_setting(latest), _setting({**latest, "environment": {}})):
                contents[name] = content
            else:
                others.append(path.name)
    write_json(out / "summary.json", {"rows": rows(contents), "parts": contents})
    (out / "table.md").write_text(as_markdown(contents), encoding="utf-8")
    return others


def _setting(content):
    """Return what two parts must share to be in one table."""
    about = content.get("environment", {})
    names = ("gpu", "driver", "cpu", "n_cores", "versions")
    return content["device"], content["quick"], *(about.get(name) for name in names)


def _show(content, elapsed):
    """Print what a part found."""
    title = PARTS[content["part"]].title
    print(f"[{elapsed:5.0f} s] {content['part']}: {title}: {content['status']}", flush=True)
    for row in rows({content["part"]: content}):
        print(f"    {row['title']}: {row['text']}")
    for skipped in content["skipped"]:
        print(f"    skipped {skipped['what']}: {skipped['why']}")
    for failure in content["failures"]:
        print(f"    FAILED {failure['what']}: {last_line(failure['traceback'])}")
    if content["status"].startswith(("crashed", "stopped")):
        print(content["output"][-2000:])
    sys.stdout.flush()
