"""load_image_folder: images in folders and CSV files."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn import config_context

from skmnist.datasets import load_image_folder, load_mnist_sample
from skmnist.exceptions import DatasetError
from skmnist.preprocessing import DigitNormalizer


@pytest.fixture(scope="module")
def digits():
    """Three images of each of the digits 0, 1 and 2, as (name, label, array)."""
    X, y = load_mnist_sample(return_X_y=True)
    return [
        (f"{d}-{i}.png", str(d), 255 - X[500 * d + i].reshape(28, 28))
        for d in range(3)
        for i in range(3)
    ]


@pytest.fixture
def folders(tmp_path, digits):
    """A folder with a subfolder for each class; the class 2 is named "10"."""
    for name, label, image in digits:
        folder = tmp_path / "mine" / {"2": "10"}.get(label, label)
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / name)
    return tmp_path / "mine"


@pytest.mark.parametrize("as_frame", [False, True])
def test_data_frame_output_of_the_normalizer_does_not_matter(folders, digits, as_frame):
    with config_context(transform_output="pandas"):
        options = {"return_X_y": True, "as_frame": as_frame}
        data, _ = load_image_folder(folders, normalizer=DigitNormalizer(), **options)
    np.testing.assert_array_equal(data, normalized(digits))
    normalizer = DigitNormalizer("emnist").set_output(transform="pandas")
    data = load_image_folder(folders, normalizer=normalizer).data
    assert type(data) is np.ndarray


def write_csv(folder, digits, lines):
    folder.mkdir()
    for name, _, image in digits:
        Image.fromarray(image).save(folder / name)
    (folder / "labels.csv").write_text("\n".join(lines), encoding="utf-8")
    return folder / "labels.csv"


def flat(digits):
    return np.stack([image.ravel() for _, _, image in digits])


def normalized(digits):
    return DigitNormalizer().transform([image for _, _, image in digits])


def test_each_folder_is_a_class(folders, digits):
    bunch = load_image_folder(folders)
    np.testing.assert_array_equal(bunch.data, flat(digits))
    assert bunch.data.dtype == np.uint8
    np.testing.assert_array_equal(bunch.target, [0, 0, 0, 1, 1, 1, 2, 2, 2])
    assert bunch.target.dtype == np.int64
    assert bunch.target_names == ["0", "1", "10"]  # sorted as numbers, not as strings
    assert bunch.images.shape == (9, 28, 28)
    assert np.shares_memory(bunch.images, bunch.data)
    assert bunch.feature_names == [f"pixel{i}" for i in range(784)]
    assert bunch.filenames[-1].endswith("2-2.png")
    assert bunch.frame is None
    assert str(folders) in bunch.DESCR
    assert (
        "9 images of 3 classes, 28 pixels high and 28 pixels wide,\nas gray levels" in bunch.DESCR
    )


def test_target_names_are_sorted_numerically_or_alphabetically(tmp_path, digits):
    for order in (["2", "9", "10"], ["10", "a", "b"]):
        folder = tmp_path / order[0]
        for name in order:
            (folder / name).mkdir(parents=True)
            Image.fromarray(digits[0][2]).save(folder / name / "one.png")
        assert load_image_folder(folder).target_names == order


def test_arrays_and_data_frames(folders):
    bunch = load_image_folder(folders)
    X, y = load_image_folder(folders, return_X_y=True)
    np.testing.assert_array_equal(X, bunch.data)
    np.testing.assert_array_equal(y, bunch.target)
    frame = load_image_folder(folders, as_frame=True)
    assert isinstance(frame.data, pd.DataFrame)
    assert isinstance(frame.target, pd.Series)
    assert frame.frame.shape == (9, 785)
    X, y = load_image_folder(folders, as_frame=True, return_X_y=True)
    assert list(X.columns) == bunch.feature_names


def parts_of_classes(folders):
    for name in ("0", "1", "10"):
        part = folders / name / "val"
        part.mkdir()
        for file in folders.glob(f"{name}/*.png"):
            file.rename(part / file.name)
    return r"got the folder 0.val\. Put the classes .* as in val/0"


def classes_of_parts(folders):
    for part in ("a", "b"):
        folders.rename(folders.with_name("moved"))
        folders.mkdir()
        folders.with_name("moved").rename(folders / part)
    return rf"got the folder b.a\. .* load b on its own: load_image_folder\('{folders / 'b'}'\)"


def folder_beside_images(folders):
    (folders / "1" / "old").mkdir()
    return r"got the folder 1.old\. Move its images, or remove it"


@pytest.mark.parametrize("on_error", ["raise", "nan"])
@pytest.mark.parametrize("change", [parts_of_classes, classes_of_parts, folder_beside_images])
def test_folder_in_the_place_of_an_image_is_an_error(folders, change, on_error):
    message = change(folders)
    with pytest.raises(DatasetError, match=message):
        load_image_folder(folders, normalizer=DigitNormalizer(on_error=on_error))


def test_each_part_of_a_data_set_can_be_loaded(folders):
    expected = load_image_folder(folders).data
    classes_of_parts(folders)
    np.testing.assert_array_equal(load_image_folder(folders / "b" / "a").data, expected)


def test_csv_file_of_windows_separates_folders_by_backslashes(folders, digits):
    lines = [rf"{ {'2': '10'}.get(label, label) }\{name},{label}" for name, label, _ in digits]
    (folders / "labels.csv").write_text("\n".join(lines), encoding="utf-8")
    bunch = load_image_folder(folders / "labels.csv")
    np.testing.assert_array_equal(bunch.data, flat(digits))
    (folders / "labels.csv").write_text("1,a\n.,b", encoding="utf-8")
    with pytest.raises(DatasetError, match="got the folder .*mine. Move"):
        load_image_folder(folders / "labels.csv")


@pytest.mark.parametrize("heading", [[], ["file,label"]])
@pytest.mark.parametrize("end", [[], ["", ""]])
def test_csv_file_of_names_and_labels(tmp_path, digits, heading, end):
    lines = [f"{name}, {label}" for name, label, _ in digits]
    csv_file = write_csv(tmp_path / "mine", digits, [*heading, *lines, *end])
    for path in (csv_file, csv_file.parent, str(csv_file)):
        bunch = load_image_folder(path)
        np.testing.assert_array_equal(bunch.data, flat(digits))
        np.testing.assert_array_equal(bunch.target, [0, 0, 0, 1, 1, 1, 2, 2, 2])
        assert bunch.target_names == ["0", "1", "2"]


def test_csv_file_of_a_spreadsheet_program(tmp_path, digits):
    csv_file = write_csv(tmp_path / "mine", digits, [])
    lines = [f"{name};{label}" for name, label, _ in digits]
    csv_file.write_text("\n".join(["Datei;Ziffer", *lines]), encoding="utf-8-sig")
    bunch = load_image_folder(csv_file)
    assert bunch.target_names == ["0", "1", "2"]
    assert len(bunch.data) == 9


def test_hidden_files_and_system_files_are_ignored(folders):
    (folders / ".git").mkdir()
    (folders / "__MACOSX" / "0").mkdir(parents=True)
    for name in (".DS_Store", "Thumbs.db", "desktop.ini"):
        (folders / "0" / name).write_bytes(b"?")
    assert len(load_image_folder(folders).data) == 9


def test_error_lists_all_unusable_images(folders):
    (folders / "0" / "text.png").write_text("Dear diary")
    (folders / "1" / "readme.txt").touch()
    Image.new("L", (90, 90), 255).save(folders / "10" / "white.png")
    with pytest.raises(DatasetError, match="^3 of 12 images cannot be used:") as caught:
        load_image_folder(folders, normalizer=DigitNormalizer())
    lines = str(caught.value).splitlines()[1:]
    names = ["text.png", "readme.txt", "white.png"]
    assert all(name in line for name, line in zip(names, lines, strict=True))
    with pytest.raises(DatasetError, match="^2 of 12 images cannot be used:") as caught:
        load_image_folder(folders, size=28)
    assert str(caught.value).splitlines()[1:] == lines[:2]


def test_error_lists_all_missing_images_of_a_csv_file(tmp_path, digits):
    lines = ["gone.png,1", *(f"{name},{label}" for name, label, _ in digits), "lost.png,2"]
    csv_file = write_csv(tmp_path / "mine", digits, lines)
    with pytest.raises(DatasetError, match=r"(?s)^2 of 11 .*gone\.png.*lost\.png"):
        load_image_folder(csv_file)


def test_normalizer_parameter(folders):
    Image.new("L", (90, 90), 255).save(folders / "10" / "white.png")
    with pytest.warns(UserWarning, match=r"1 of 10 images.*NaN:\n.*white\.png") as caught:
        X, y = load_image_folder(
            folders, normalizer=DigitNormalizer(on_error="nan"), return_X_y=True
        )
    assert len(caught) == 1
    assert X.shape == (10, 784)
    np.testing.assert_array_equal(np.isnan(X).any(axis=1), [False] * 9 + [True])
    with pytest.raises(DatasetError, match=r"^1 of 10 .*\n.*white\.png"):
        load_image_folder(folders, normalizer=DigitNormalizer("bbox_centered"))


def make_empty_class(folder):
    (folder / "3").mkdir(parents=True)


def make_two_csv_files(folder):
    folder.mkdir()
    for name in ("a.csv", "b.csv"):
        (folder / name).write_text("a.png,1")


def make_csv(*lines, encoding="utf-8"):
    def make(folder):
        folder.mkdir()
        (folder / "labels.csv").write_bytes("\n".join(lines).encode(encoding))

    return make


INVALID_FOLDERS = {
    "missing": (lambda folder: None, "No such file or directory"),
    "empty": (lambda folder: folder.mkdir(), "with 0 CSV files and no subfolders"),
    "empty class": (make_empty_class, "images in each subfolder, got none in 3"),
    "two CSV files": (make_two_csv_files, "with 2 CSV files"),
    "empty CSV file": (make_csv(), "but parsing failed"),
    "header only": (make_csv("name,label"), "got no images"),
    "one column": (make_csv("a.png", "b.png"), "got 1 column"),
    "three columns": (make_csv("a.png,1,x"), "got 3 columns"),
    "ragged": (make_csv("a.png,1", "b.png,1,2,3"), "but parsing failed"),
    "no label": (make_csv("a.png,1", "b.png,"), "empty name or label for image 2"),
    "not text": (make_csv("ä.png,1", encoding="latin-1"), "but parsing failed"),
}


@pytest.mark.parametrize("name", INVALID_FOLDERS)
def test_invalid_folder_raises_dataset_error(tmp_path, name):
    make, message = INVALID_FOLDERS[name]
    make(tmp_path / "mine")
    with pytest.raises(DatasetError, match=message) as caught:
        load_image_folder(tmp_path / "mine")
    assert str(tmp_path / "mine") in str(caught.value)
    assert "Expected" in str(caught.value)
