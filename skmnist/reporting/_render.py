"""Second step of a report: the dict becomes HTML, Markdown or JSON."""

import base64
import html
import json
import re
from importlib.resources import files

import jinja2
import numpy as np

from ._figures import MOST_COUNTS, draw, draw_mistakes
from ._sections import percent, sections

_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>
body {{ margin: 0; background: #ffffff; }}
@media (prefers-color-scheme: dark) {{ body {{ background: #14171c; }} }}
</style>
</head>
<body>
{body}
</body>
</html>
"""


def to_html(results):
    """Return a whole page."""
    title = html.escape(f"Evaluation of {results['name']}")
    return _PAGE.format(title=title, body=to_html_part(results))


def to_html_part(results):
    """Return an element to put into a page, such as a notebook."""
    folder = files(__package__)
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    environment.filters["percent"] = percent
    template = environment.from_string((folder / "report.html.jinja").read_text("utf-8"))
    parts = sections(results)
    worst = next(part for part in parts if part.id == "worst-mistakes").rows
    images = draw_mistakes(results)
    # Few classes' counts make a table in colours; the mistakes are pictures on their own.
    names = ["training-curves", "calibration"]
    names += ["confusion-matrix"] * (len(results["names"]) > MOST_COUNTS)
    return template.render(
        results=results,
        sections=parts,
        style=(folder / "report.css").read_text("utf-8"),
        light=_as_sources(draw(results, names)),
        dark=_as_sources(draw(results, names, dark=True)),
        mistakes=[
            {"uri": _as_uri(image), "row": row} for image, row in zip(images, worst, strict=False)
        ],
        heat=_heat(results["confusion"]),
    )


def _as_sources(pictures):
    return {name: {"uri": _as_uri(png), "width": width} for name, (png, width) in pictures.items()}


def _as_uri(png):
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def _heat(counts):
    """Return how dark the cells are: shares of the row, mistakes against the largest of them."""
    counts = np.array(counts)
    shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    mistakes = shares - np.diag(np.diag(shares))
    right = np.eye(len(counts), dtype=bool)
    return np.where(right, shares, mistakes / max(mistakes.max(), 1e-12)).round(3).tolist()


def to_markdown(results, pictures=()):
    """Return the sections as Markdown, which shows those of the files `pictures` that fit."""
    lines = [f"# Evaluation of {_as_markdown(results['name'])}", "", _code(results["model"])]
    for part in sections(results):
        lines += ["", f"## {part.title}", "", _as_markdown(part.text)]
        if f"{part.picture}.png" in pictures:
            lines += ["", f"![{_as_markdown(part.alt)}]({part.picture}.png)"]
        if part.rows:
            # Markdown knows no table without a header.
            header = part.header or ("", "")
            lines += ["", _line(header), _line(["---"] * len(header), escape=str)]
            lines += [_line(row) for row in part.rows]
    return "\n".join(lines) + "\n"


def _line(cells, escape=None):
    return f"| {' | '.join(map(escape or _as_markdown, cells))} |"


def _as_markdown(text):
    """Return a text with what Markdown or HTML would read as markup escaped."""
    text = re.sub(r"([\\`*_\[\]|~$])", r"\\\1", " ".join(text.split()))
    return html.escape(text, quote=False)


def _code(text):
    # Indented, as a fence could be closed by what it holds.
    return "\n".join(f"    {line}" for line in text.splitlines())


def to_json(results):
    """Return the dict as JSON (RFC 8259: neither NaN nor infinity)."""
    return json.dumps(results, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
