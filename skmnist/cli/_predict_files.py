"""Predict all images of a folder or of a file, and write the predictions as a CSV file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._data import as_images
from ._folder_data import fitted_image_shape
from ._output import ensure_writable, print_paths, write_table

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    import numpy as np
    from pandas import DataFrame


def add_output_options(parser: argparse.ArgumentParser) -> None:
    """Add --output, --id-column and --proba."""
    group = parser.add_argument_group("predictions of many images")
    group.add_argument(
        "--output",
        metavar="CSV",
        type=Path,
        help="write the predictions to this CSV file. For a CSV, npz or Parquet file of images, "
        "its columns are ImageId (1, 2, ...) and Label, as for Kaggle; for image files and "
        "folders, file, label, confidence and error",
    )
    group.add_argument(
        "--id-column",
        metavar="NAME",
        help="name of the first column of the output. If the file of images has this column, its "
        "values are written, otherwise 1, 2, ... (default: the file's column ImageId, id or index, "
        "otherwise ImageId)",
    )
    group.add_argument(
        "--proba", action="store_true", help="also write the probability of each class"
    )


def is_table(paths: Sequence[Path]) -> bool:
    """Return whether the only path is a file that contains many images."""
    from skmnist.datasets._table_formats import is_table_name

    return len(paths) == 1 and is_table_name(paths[0].name) and not paths[0].is_dir()


def check_output_options(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """Exit with an error message if the options do not suit the images."""
    table = is_table(args.images)
    tables = [path for path in args.images if is_table([path])]
    if tables and len(args.images) > 1:
        parser.error(f"{tables[0]} contains many images. Pass no other file with it")
    if table and not args.output:
        parser.error(
            f"--output is required for a file of images such as {args.images[0]}, for example "
            "--output submission.csv"
        )
    if table and args.multiple:
        parser.error("--multiple is for image files, not for a file of images")
    for option, value in {"--save-steps": args.save_steps, "--explain": args.explain}.items():
        if value and (args.output or table or args.images[0].is_dir()):
            parser.error(f"{option}: expected a single image, without --output")
    if args.proba and not args.output:
        parser.error("--proba requires --output, the CSV file for the probabilities")
    if args.id_column and not table:
        parser.error("--id-column is for a file of images, such as test.csv")
    if args.output and args.output.suffix.lower() != ".csv":
        parser.error(f"--output: expected the name of a CSV file, got {args.output}")
    if args.output and args.output.exists():
        inputs = [path for path in args.images if path.exists() and path.samefile(args.output)]
        if inputs:
            parser.error(f"--output: {args.output} would replace the images. Choose another name")


def predict_table(estimator: Any, args: argparse.Namespace) -> None:
    """Predict the images of a CSV, npz or Parquet file and write the labels."""
    import numpy as np
    import pandas as pd

    from skmnist.datasets._table_formats import read_tables

    ensure_writable(args.output.parent)
    path = args.images[0].expanduser()
    shape = fitted_image_shape(estimator) or "auto"
    tables = read_tables(path, image_shape=shape, need_label=False, id_column=args.id_column)
    table = tables.get("test") or tables["train"]
    ids, name = table.ids, args.id_column or table.id_name or "ImageId"
    X = _as_input(estimator, table.pixels, table.image_shape)
    labels = estimator.predict(X)
    columns: dict[str, Any] = {"Label": labels}
    if args.proba:
        columns |= _probability_columns(estimator.classes_, estimator.predict_proba(X))
    index = pd.Index(np.arange(1, len(X) + 1) if ids is None else ids, name=name)
    write_table(pd.DataFrame(columns, index=index), args.output)
    numbered = "1, 2, ..." if ids is None else f"the column {table.id_name!r} of {path.name}"
    print(f"{len(X):,} images predicted; {name}: {numbered}")
    reject_label = getattr(estimator, "reject_label_", None)
    n_rejected = int(np.sum(labels == reject_label)) if reject_label is not None else 0
    if n_rejected:
        print(f"{n_rejected:,} of them have the label {reject_label}: the model abstains")
    print_paths([args.output])


def _as_input(estimator: Any, pixels: np.ndarray, shape: tuple[int, ...]) -> Any:
    """Return the images in the form in which the estimator was fitted."""
    if hasattr(estimator, "feature_names_in_"):
        import pandas as pd

        return pd.DataFrame(pixels, columns=estimator.feature_names_in_)
    return as_images(pixels, shape)


def _probability_columns(classes: Any, proba: np.ndarray) -> dict[str, np.ndarray]:
    """Return ``{column: probabilities of the class}``."""
    return {f"proba_{label}": column for label, column in zip(classes, proba.T, strict=True)}


def find_files(paths: Sequence[Path], output: Path | None) -> list[Path]:
    """Return the files, and those of the folders and of their subfolders, without the output.

    Raises
    ------
    ImageError
        If a folder contains no files.
    """
    from skmnist.exceptions import ImageError

    files: list[Path] = []
    for path in paths:
        found = [path] if not path.is_dir() else [*_walk(path)]
        if output and output.exists() and path.is_dir():
            found = [file for file in found if not (file.exists() and file.samefile(output))]
        if not found:
            raise ImageError(f"{path}: Expected a folder of images, got no files.")
        files += found
    return files


def _walk(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder and its subfolders, without those of an operating system."""
    from skmnist.datasets._image_folder import list_folder

    for entry in list_folder(folder):
        if entry.is_dir() and not entry.is_symlink():
            yield from _walk(entry)
        else:
            yield entry


def predict_files(estimator: Any, args: argparse.Namespace) -> None:
    """Predict image files: print one line for each, or write one to the output.

    Raises
    ------
    ImageError
        At the end, if some images could not be used. They do not stop the others.
    """
    from skmnist.exceptions import ImageError

    if args.output:
        ensure_writable(args.output.parent)
    files = find_files(args.images, args.output)
    rows: list[dict[str, Any]] = []
    try:
        for path in files:
            rows.append(_predict_file(estimator, path, args))
    finally:
        # Ctrl+C loses no finished prediction.
        if args.output and rows:
            write_table(_results(rows), args.output)
    n_errors = sum("error" in row for row in rows)
    hint = ""
    if args.output:
        print_paths([args.output])
        hint = f" See the column 'error' of {args.output}."
    if n_errors:
        raise ImageError(f"{n_errors} of {len(files)} images cannot be used.{hint}")


def _predict_file(estimator: Any, path: Path, args: argparse.Namespace) -> dict[str, Any]:
    """Return the columns of the output for one file; print the prediction if there is no output."""
    from skmnist._pretrained.predict_image import predict_image
    from skmnist.exceptions import ImageError

    try:
        result = predict_image(path, estimator, multiple=args.multiple)
    except ImageError as error:
        if not args.output:
            print(f"skmnist: {error}", file=sys.stderr, flush=True)
        problem = str(error).removeprefix(f"{path}: ")
        return {"file": str(path), "error": " ".join(problem.split())}
    if not args.output:
        print(f"{path}: {_describe(result)}", flush=True)
    return {"file": str(path), **_summary(result, args.proba)}


def _describe(result: Any) -> str:
    if isinstance(result, list):
        return " ".join(map(label_text, result))
    return f"{label_text(result)} ({result.confidence:.1%})"


def label_text(prediction: Any) -> str:
    """Return the label as text; "?" if the model abstains."""
    return "?" if prediction.rejected else str(prediction.label)


def _summary(result: Any, proba: bool) -> dict[str, Any]:
    """Return the columns of the output for the prediction of one file."""
    predictions = result if isinstance(result, list) else [result]
    row: dict[str, Any] = {
        "label": " ".join(map(label_text, predictions)),
        # Of several digits, the least certain.
        "confidence": min(prediction.confidence for prediction in predictions),
    }
    if proba and len(predictions) == 1:
        row |= {f"proba_{label}": p for label, p in predictions[0].proba.items()}
    return row


def _results(rows: Sequence[dict[str, Any]]) -> DataFrame:
    """Return the results as a table, in which what is not known is empty."""
    import pandas as pd

    # pyarrow, which pandas uses for texts if it is installed, refuses names that are not UTF-8.
    table = pd.DataFrame(list(rows), dtype=object).set_index("file")
    first = ["label", "confidence", "error"]
    others = [column for column in table.columns if column not in first]
    return table.reindex(columns=[*first, *others])
