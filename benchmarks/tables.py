"""Format the results as text and CSV."""

import csv

_HEADER = ("", "median", "min-max", "accuracy", "ratio", "min-max", "target", "met")
_WIDTHS = (34, 8, 17, 10, 8, 13, 9, 7)


def as_text(group):
    """Return a block of the table as text."""
    header = _line((f"{group.title} ({group.unit})", *_HEADER[1:]))
    setting = [f"  {part}" for part in group.setting.split("; ")]
    return "\n".join([header, *setting, *(_text_row(group, row) for row in group.rows)])


def _text_row(group, row):
    limit, holds = group.limit(row)
    cells = [f"  {row.name}", figure(row.value.median), _range(row.value)]
    cells.append("" if row.accuracy is None else f"{row.accuracy:.4f}")
    ratio = row.ratio
    cells += ["", ""] if ratio is None else [f"{ratio.median:.3f}", _range(ratio, ".3f")]
    cells += ["", ""] if limit is None else [f"{limit:g}", "yes" if holds else "NO"]
    return _line(cells)


def _line(cells):
    first, *others = zip(cells, _WIDTHS, strict=True)
    return (first[0].ljust(first[1]) + "".join(c.rjust(w) for c, w in others)).rstrip()


def figure(value):
    """Format a number with three significant digits, without an exponent."""
    return f"{value:.0f}" if value >= 100 else f"{value:#.3g}".rstrip(".")


def _range(values, form=None):
    low, high = (format(v, form) if form else figure(v) for v in (values.low, values.high))
    return f"{low}-{high}"


def write_csv(groups, path):
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(
            "title setting name unit median min max accuracy ratio ratio_min ratio_max"
            " limit holds".split()
        )
        for group in groups:
            for row in group.rows:
                ratio = row.ratio or (None, None, None)
                writer.writerow(
                    (group.title, group.setting, row.name, group.unit, *row.value, row.accuracy)
                    + (*ratio, *group.limit(row))
                )
