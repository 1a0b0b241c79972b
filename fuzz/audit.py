"""Known holes in the installed dependencies: ``python -m fuzz.audit``, by pip-audit.

Ends with 1 where there is one. Where pip-audit isn't installed, or the registry has no answer, it
says so and ends with 0: that nobody could look is no hole.
"""

import json
import subprocess
import sys

COMMAND = [sys.executable, "-m", "pip_audit", "--format=json", "--progress-spinner=off", "--local"]


def summarise(report):
    """Return (lines to print, exit status) for pip-audit's report, a str."""
    try:
        packages = json.loads(report)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return ["SKIPPED: pip-audit gave no report, so nothing was audited."], 0
    audited = [package for package in packages if "vulns" in package]
    holes = [
        f"{package['name']} {package['version']}: {hole['id']}, mended in "
        f"{', '.join(hole.get('fix_versions', [])) or 'no version'}"
        for package in audited
        for hole in package["vulns"]
    ]
    counts = f"{len(audited)} of {len(packages)} packages audited, {len(holes)} known holes."
    if not audited:
        counts = f"SKIPPED: the registry knows none of {len(packages)} packages."
    return [*holes, counts], int(bool(holes))


def main():
    try:
        done = subprocess.run(COMMAND, capture_output=True, text=True, timeout=300)
        report = done.stdout
    except subprocess.TimeoutExpired:
        report = ""
    lines, status = summarise(report)
    print("\n".join(lines))
    sys.exit(status)


if __name__ == "__main__":
    main()
