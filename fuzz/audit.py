"""Find known vulnerabilities in the installed dependencies: ``python -m fuzz.audit``.

The script runs pip-audit and exits with status 1 if there are vulnerabilities. If pip-audit is not
installed or the registry does not respond, it prints that the audit was skipped and exits with
status 0.
"""

import json
import subprocess
import sys

COMMAND = [sys.executable, "-m", "pip_audit", "--format=json", "--progress-spinner=off", "--local"]


def summarize(report):
    """Return the lines to print and the exit status for the JSON report of pip-audit."""
    try:
        packages = json.loads(report)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return ["SKIPPED: pip-audit returned no report, so nothing was audited."], 0
    audited = [package for package in packages if "vulns" in package]
    vulnerabilities = [
        f"{package['name']} {package['version']}: {vulnerability['id']}, fixed in "
        f"{', '.join(vulnerability.get('fix_versions', [])) or 'no version'}"
        for package in audited
        for vulnerability in package["vulns"]
    ]
    counts = (
        f"{len(audited)} of {len(packages)} packages audited, "
        f"{len(vulnerabilities)} known vulnerabilities."
    )
    if not audited:
        counts = f"SKIPPED: the registry has no data for any of the {len(packages)} packages."
    return [*vulnerabilities, counts], int(bool(vulnerabilities))


def main():
    try:
        done = subprocess.run(COMMAND, capture_output=True, text=True, timeout=300)
        report = done.stdout
    except subprocess.TimeoutExpired:
        report = ""
    lines, status = summarize(report)
    print("\n".join(lines))
    sys.exit(status)


if __name__ == "__main__":
    main()
