"""Render the results of a report as HTML, Markdown or JSON."""

from __future__ import annotations

import base64
import html
import json
import re
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import jinja2
import numpy as np

from ._figures import MAX_COUNTS, draw_explanations, draw_figures, draw_mistakes
from ._sections import sections

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable

    from ._compute import Results

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


def to_html(results: Results) -> str:
    """Return a complete HTML page."""
    title = html.escape(f"Evaluation of {results['name']}")
    return _PAGE.format(title=title, body=to_html_part(results))


def to_html_part(results: Results) -> str:
    """Return an HTML element that can be embedded in a page, such as a notebook."""
    folder = files(__package__)
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    template = environment.from_string((folder / "report.html.jinja").read_text("utf-8"))
    all_sections = sections(results)
    worst = next(section for section in all_sections if section.id == "worst-mistakes").rows
    images, explanations = draw_mistakes(results), draw_explanations(results)
    # With few classes, the confusion matrix is a colored table instead of a figure.
    names = ["training-curves", "calibration"]
    names += ["confusion-matrix"] * (len(results["display_labels"]) > MAX_COUNTS)
    return template.render(
        results=results,
        sections=all_sections,
        style=(folder / "report.css").read_text("utf-8"),
        light=_as_sources(draw_figures(results, names)),
        dark=_as_sources(draw_figures(results, names, dark=True)),
        mistakes=[
            {"uri": _as_uri(image), "row": row, "explanations": list(map(_as_uri, pair))}
            for image, row, pair in zip(images, worst, explanations, strict=False)
        ],
        shades=_cell_shades(results["confusion_matrix"]),
    )


def _as_sources(figures: dict[str, tuple[bytes, int]]) -> dict[str, dict[str, Any]]:
    return {name: {"uri": _as_uri(png), "width": width} for name, (png, width) in figures.items()}


def _as_uri(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def _cell_shades(confusion_matrix: list[list[int]]) -> list[list[float]]:
    """Return the opacity of the cells, from 0 to 1.

    On the diagonal it is the recall, elsewhere the error rate relative to the largest error rate.
    """
    counts = np.array(confusion_matrix)
    fractions = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    mistakes = fractions - np.diag(np.diag(fractions))
    diagonal = np.eye(len(counts), dtype=bool)
    return np.where(diagonal, fractions, mistakes / max(mistakes.max(), 1e-12)).round(3).tolist()


def to_markdown(results: Results, figures: Container[str] = ()) -> str:
    """Return the report as Markdown, with links to the files `figures`."""
    lines = [f"# Evaluation of {_as_markdown(results['name'])}", "", _code(results["model"])]
    for section in sections(results):
        lines += ["", f"## {section.title}", ""]
        if section.headline:
            lines += [f"**{section.headline}**", ""]
        lines.append(_as_markdown(section.text))
        if f"{section.figure}.png" in figures:
            lines += ["", f"![{_as_markdown(section.alt)}]({section.figure}.png)"]
        if section.rows:
            # A Markdown table needs a header.
            header = section.header or ("", "")
            lines += ["", _line(header), _line(["---"] * len(header), escape=str)]
            lines += [_line(row) for row in section.rows]
    return "\n".join(lines) + "\n"


def _line(cells: Iterable[str], escape: Callable[[str], str] | None = None) -> str:
    return f"| {' | '.join(map(escape or _as_markdown, cells))} |"


def _as_markdown(text: str) -> str:
    """Escape the special characters of Markdown and HTML."""
    text = re.sub(r"([\\`*_\[\]|~$])", r"\\\1", " ".join(text.split()))
    return html.escape(text, quote=False)


def _code(text: str) -> str:
    # Indented, because the text may contain the end of a fence.
    return "\n".join(f"    {line}" for line in text.splitlines())


def to_json(results: Results) -> str:
    """Return the results as JSON (RFC 8259, without NaN and infinity)."""
    return json.dumps(results, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
