"""Reports as HTML, Markdown and JSON."""

import json
import re

import numpy as np
import pandas as pd
from sklearn.naive_bayes import GaussianNB

from skmnist.reporting import EvaluationReport
from tests.reporting.helpers import MARKUP, SECTIONS, Page, section_text


def test_page_is_complete_and_self_contained(page):
    html = Page(page)
    assert html.open == []
    assert [a["id"] for a in html.attributes_of("section")] == SECTIONS
    assert {a["href"] for a in html.attributes_of("a")} == {f"#{id}" for id in SECTIONS}
    assert not html.attributes_of("script")
    assert all(a["src"].startswith("data:image/png;base64,") for a in html.attributes_of("img"))
    assert all(
        a["srcset"].startswith("data:image/png;base64,") for a in html.attributes_of("source")
    )
    assert "http://" not in page and "https://" not in page and "url(" not in page
    assert "prefers-color-scheme: dark" in page
    assert all(len(a["alt"]) > 10 for a in html.attributes_of("img"))


def test_markup_in_names_and_parameters_is_text(data, tmp_path):
    X, y = data[2:]
    names = np.array([rf"$\frac$ {MARKUP}{i} | a*b* & `c` お" for i in range(10)])

    class Odd(GaussianNB):
        def __init__(self, note=MARKUP, priors=None, var_smoothing=0.1):
            super().__init__(priors=priors, var_smoothing=var_smoothing)
            self.note = note

    report = EvaluationReport.from_estimator(Odd().fit(X, names[y]), X, names[y])
    page = Page(report.to_html())
    assert not page.attributes_of("script")
    assert MARKUP in page.texts  # the parameter
    assert names[0] in page.texts
    report.save(tmp_path)  # names that look like formulas can be drawn
    markdown = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "<script>" not in markdown.replace("    Odd(", "")
    for line in markdown.splitlines():
        if line.startswith(r"| \$\\frac\$ &lt;script&gt;"):
            assert len(re.findall(r"(?<!\\)\|", line)) in (5, 6, 12)  # the columns of the tables


def test_report_can_be_restored_from_its_json(report, page):
    again = EvaluationReport(json.loads(report.to_json()))
    assert again.to_html() == page
    assert again.to_markdown() == report.to_markdown()
    pd.testing.assert_frame_equal(again.per_class, report.per_class)


def test_notebook_style_is_limited_to_the_report(report):
    html = report._repr_html_()
    assert "<body" not in html and "<html" not in html
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)[1]
    selectors = [s.strip() for s in re.findall(r"([^{}]+)\{", style)]
    assert all(s.startswith((".skmnist-report", "@media")) for s in selectors), selectors
    assert repr(report).startswith("<EvaluationReport of MLPClassifier: accuracy ")


def test_accuracy_is_stated_once_with_the_baseline(report, page):
    accuracy = f"{report.results['accuracy']['value']:.2%}"
    summary = page.partition("<h2>Summary</h2>")[2].partition("<table>")[0]
    assert summary.count(accuracy) == 1
    assert "Baseline (most frequent class)" in page
    assert f"**{accuracy} accuracy**" in report.to_markdown()


def test_training_table_has_fixed_decimals_and_marks_the_best_epoch(report):
    section = section_text("Training curves", report)
    best = report.results["best_epoch"]
    header, _, *rows = [line for line in section.splitlines() if line.startswith("|")]
    assert header == (
        "| Epoch | Training loss | Validation loss | Validation accuracy | Time (s) |"
    )
    assert sum(row.startswith(f"| {best} (best) |") for row in rows) == 1
    pattern = r"\| [\d,]+( \(best\))? \| \d\.\d{4} \| \d\.\d{4} \| \d+\.\d\d% \| \d+\.\d\d \|"
    assert all(re.fullmatch(pattern, row) for row in rows)
    assert "The learning rate is constant (0.003)." in section


def test_settings_of_matplotlib_have_no_effect(report, page):
    from matplotlib import pyplot as plt

    with plt.rc_context({"font.size": 40, "axes.facecolor": "red"}):
        assert report.to_html() == page
        assert plt.rcParams["font.size"] == 40
    assert plt.get_fignums() == []
