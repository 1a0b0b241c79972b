"""Texts use the field's terms in American spelling, and none of the old idioms."""

import re

import pytest

from tests.helpers import ROOT

FOLDERS = ["skmnist", "docs", "examples", "benchmarks", "fuzz", "tests"]
ENDINGS = {".py", ".md", ".rst", ".js", ".html", ".css", ".jinja"}
BUILT = {"_build", "auto_examples", "generated", "jupyter_execute"}
FILES = [
    *ROOT.glob("*.md"),
    *sorted(
        path
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*")
        if path.suffix in ENDINGS and not BUILT & set(path.parts) and path.name != "test_wording.py"
    ),
]

# Each pattern, and what to write instead.
PHRASES = {
    r"\banew\b": "again",
    r"\bcom(es?|ing) along\b": "bundled",
    r"\b(is|are) wanted\b": "expected ..., got ...",
    r"\bon the way\b": "staged",
    r"\bby heart\b": "overfit",
    r"\bheld? back\b|\bholds back\b": "held-out, validation set",
    r"\blearnt\b": "learned",
    r"normalis": "normaliz",
    r"(?<![</])\bpictures?\b(?! img)": "image",  # but the HTML element
    r"colour": "color",
    r"\bgrey(?!_closing)": "gray",
    r"\bcentre": "center",
    r"\btest rows\b|\btraining rows\b": "test set, training set",
    r"\b(pass|more|fewer) rows\b": "samples",
    r"\bcommonest\b": "most frequent class",
}


def test_texts_are_found():
    assert len(FILES) > 300


@pytest.mark.parametrize("pattern", PHRASES)
def test_old_idioms_are_not_used(pattern):
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in FILES
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(pattern, line, re.IGNORECASE)
    ]
    assert not found, f"write {PHRASES[pattern]!r} instead:\n" + "\n".join(found)


def test_percentages_have_no_space():
    pages = [path for path in FILES if path.suffix in {".md", ".rst"}]
    found = [
        f"{path.relative_to(ROOT)}: {match}"
        for path in pages
        for match in re.findall(r"\d[\d.]* %", path.read_text(encoding="utf-8"))
    ]
    assert not found
