"""The rows of the table: each measure and ratio beside its bound."""

from ..tables import figure
from .measures import COUNTS, MEASURES, PREFACE, RATIOS
from .parts import PARTS

_FIGURES = ("value", "median", "minimum", "maximum")
_HEADER = ("measure", "value", "median", "min to max", "runs", "bound", "holds")


def rows(contents):
    """Return a dict for each measure and ratio of the parts.

    Parameters
    ----------
    contents : dict
        {part: content of its file}
    """
    measured = {}
    for content in contents.values():
        for name, values in content["measures"].items():
            measured[name] = (values, content)
    found = [_row(name, *measured[name]) for name in MEASURES if name in measured]
    for name, ratio in RATIOS.items():
        if ratio.numerator in measured and ratio.denominator in measured:
            found.append(_ratio_row(name, measured))
    return found


def _row(name, values, content):
    title, unit, _, bound, statistic = MEASURES[name]
    return _complete(
        {
            "name": name,
            "title": title,
            "unit": unit,
            "statistic": statistic,
            "value": values[statistic],
            **{key: values[key] for key in ("median", "minimum", "maximum", "n_runs")},
            "bound": bound,
        },
        content,
    )


def _ratio_row(name, measured):
    """Return the ratio of two medians; its range is that of any two runs."""
    title, numerator, denominator, bound = RATIOS[name]
    (top, content), (bottom, _) = measured[numerator], measured[denominator]
    median = _divide(top["median"], bottom["median"])
    return _complete(
        {
            "name": name,
            "title": title,
            "unit": "",
            "statistic": "ratio of medians",
            "value": median,
            "median": median,
            "minimum": _divide(top["minimum"], bottom["maximum"]),
            "maximum": _divide(top["maximum"], bottom["minimum"]),
            "n_runs": min(top["n_runs"], bottom["n_runs"]),
            "bound": bound,
        },
        content,
    )


def _divide(a, b):
    return None if a is None or not b else a / b


def _complete(row, content):
    """Add the row as text, and whether the bound holds, unless it is a rehearsal."""
    on_gpu = content["device"] != "cpu"
    row["title"] = row["title"].format(device="the GPU" if on_gpu else "the CPU")
    if content["quick"] or not on_gpu or content.get("is_full") is False:
        row["bound"] = None
    row["holds"] = None
    if row["bound"] is not None:
        row["holds"] = row["value"] is not None and row["value"] <= row["bound"]
    figures = {key: _number(row[key], row["unit"]) for key in _FIGURES}
    row["figures"] = figures
    row["text"] = (
        f"{figures['value']} {row['unit']} ({row['statistic']} of {row['n_runs']},"
        f" {figures['minimum']} to {figures['maximum']})"
    )
    if row["bound"] is not None:
        holds = "holds" if row["holds"] else "DOES NOT HOLD"
        row["text"] += f"; at most {row['bound']:g}: {holds}"
    return row


def _number(value, unit):
    if value is None:
        return "–"
    if unit == "%":
        return f"{value:.2f}"
    return f"{value:g}" if unit in COUNTS else figure(value)


def as_markdown(contents):
    """Return the table, the machine it belongs to, what was skipped, and the definitions."""
    table = rows(contents)
    lines = [*_preface(contents), "", _line(_HEADER), _line(["---", *["---:"] * 5, "---"])]
    lines += [_line(_cells(row)) for row in table]
    lines += ["", "| part | status | seconds |", "| --- | --- | ---: |"]
    for name, content in contents.items():
        status = content["status"]
        lines.append(_line([PARTS[name].title, status, str(content.get("seconds", "–"))]))
    lines += _problems(contents)
    if not any(content["quick"] for content in contents.values()):
        lines += ["", PREFACE, ""]
        lines += [
            f"- *{row['title']}*: {MEASURES[row['name']].definition}"
            for row in table
            if row["name"] in MEASURES
        ]
    return "\n".join(lines) + "\n"


def _preface(contents):
    known = [content for content in contents.values() if "environment" in content]
    if not known:
        return ["No part ran."]
    content = next((c for c in known if c["data"]), known[0])
    about = content["environment"]
    libraries = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    lines = []
    if content["quick"]:
        lines.append(
            "REHEARSAL with few images and runs, and 50% instead of 99% as the accuracy: these are"
            " no results.\n"
        )
    if "gpu" in about:
        lines.append(
            f"{about['gpu']} ({about['gpu_memory'] / 2**30:.0f} GiB), driver {about['driver']},"
            f" CUDA {about['CUDA']}, cuDNN {about['cuDNN']}."
        )
    lines.append(
        f"{about['date']}, {about['cpu']} with {about['n_cores']} core(s), {about['load']};"
        f" {libraries}. {content['data'] or ''}"
    )
    return lines


def _cells(row):
    figures = row["figures"]
    value = f"{figures['value']} {row['unit']}".strip()
    if row["statistic"] in ("mean", "maximum"):
        value += f" ({row['statistic']})"
    between = f"{figures['minimum']} to {figures['maximum']}"
    bound = "" if row["bound"] is None else f"{row['bound']:g}"
    holds = {None: "", True: "yes", False: "**no**"}[row["holds"]]
    return [row["title"], value, figures["median"], between, row["n_runs"], bound, holds]


def _problems(contents):
    lines = []
    for name, content in contents.items():
        lines += [f"- {name}: skipped {one['what']}: {one['why']}" for one in content["skipped"]]
        lines += [
            f"- {name}: {one['what']} failed: `{last_line(one['traceback'])}`"
            for one in content["failures"]
        ]
    return ["", "Skipped or failed:", "", *lines] if lines else []


def last_line(text):
    """Return the last line of a traceback or a message."""
    return (text.strip().splitlines() or [""])[-1]


def _line(cells):
    return f"| {' | '.join(map(str, cells))} |"
