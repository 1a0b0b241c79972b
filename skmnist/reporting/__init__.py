"""Reports: (fitted classifier, X_test, y_test) -> plain dict -> HTML, Markdown, JSON, pictures.

``compute.py`` and ``provenance.py`` make the dict, ``render.py`` and ``pictures.py`` make texts and
pictures of it, ``deliver.py`` writes them. Nothing behind the dict sees the classifier or the data.
"""

from ._evaluation_report import EvaluationReport

__all__ = ["EvaluationReport"]
