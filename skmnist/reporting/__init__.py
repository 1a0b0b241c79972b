"""Reports: (fitted classifier, X_test, y_test) -> dict -> HTML, Markdown, JSON and figures.

``_compute`` and ``_provenance`` compute the dict, ``_sections``, ``_figures`` and ``_render`` turn
it into texts and figures, and ``_writer`` writes the files. Only the first step uses the classifier
and the data.
"""

from ._evaluation_report import EvaluationReport

__all__ = ["EvaluationReport"]
