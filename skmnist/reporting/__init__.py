"""Evaluation reports in HTML, Markdown and JSON.

``_compute`` and ``_provenance`` evaluate a fitted classifier on a test set and return a dict.
``_sections``, ``_figures`` and ``_render`` convert the dict to texts and figures, without access to
the classifier or the data. ``_writer`` writes the files.
"""

from ._evaluation_report import EvaluationReport

__all__ = ["EvaluationReport"]
