import inspect
import os
import re
import socket
import subprocess
import sys

import pytest
from sklearn.utils import Bunch

from skmnist import __version__, cli, datasets
from skmnist.cli import _arguments as arguments
from skmnist.cli import _data as cli_data
from skmnist.cli import main

MODELS = {model: arguments.model_class(model) for model in arguments.MODELS}
every_model = pytest.mark.parametrize("model", MODELS)


@pytest.fixture
def few_images(monkeypatch):
    """Let the sample be 200 images to train on and 50 to test on."""
    sample = datasets.load_mnist_sample()
    rows = slice(None, None, 20)
    few = Bunch(**{**sample, "data": sample.data[rows], "target": sample.target[rows]})
    monkeypatch.setattr(datasets, "load_mnist_sample", lambda: few)
    monkeypatch.setattr(cli_data, "TEST_IMAGES", 50)


@pytest.fixture
def classifiers_of(monkeypatch):
    """Return a function that runs a command and returns the classifiers that it would train."""
    seen = []
    monkeypatch.setattr(cli, "_run", lambda _, parser, args: seen.append(args.classifiers))

    def run(*argv):
        assert main(argv) == 0
        return seen[-1]

    return run


def refused(capsys, *argv):
    """Return the message with which arguments are refused."""
    with pytest.raises(SystemExit) as end:
        main(argv)
    assert end.value.code == 2
    return capsys.readouterr().err


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


REPORT = [
    "calibration.png",
    "confusion-matrix.png",
    "report.html",
    "report.json",
    "report.md",
    "training-curves.png",
    "worst-mistakes.png",
]


# -- the two commands ------------------------------------------------------------------------


def test_demo_trains_two_networks_and_writes_reports(few_images, tmp_path, capsys):
    out = tmp_path / "deep" / "folder"
    assert main(["demo", "--out", str(out), "--device", "cpu"]) == 0
    printed, bars = capsys.readouterr()
    assert "Sample of MNIST" in printed
    assert "200 images to train on, 50 to test on" in printed
    for words in ["MLPClassifier(", "CNNClassifier("]:
        assert words in printed
    for words in [" epochs in ", "Test accuracy: ", "precision", "Confusion matrix"]:
        assert printed.count(words) == 2
    assert "epoch" in bars
    assert names_in(out) == ["cnn", "mlp", "training-curves.png"]
    assert names_in(out / "cnn") == names_in(out / "mlp") == REPORT
    for path in ["cnn/report.html", "mlp/report.html", "training-curves.png"]:
        assert str(out / path) in printed
    assert (out / "training-curves.png").read_bytes().startswith(b"\x89PNG")


@every_model
def test_train_prints_and_writes_a_report(few_images, tmp_path, capsys, model):
    argv = ["train", "--model", model, "--out", str(tmp_path), "--max-epochs", "2"]
    assert main([*argv, "--random-state", "0", "--verbose", "0"]) == 0
    printed, errors = capsys.readouterr()
    assert MODELS[model].__name__ in printed
    assert "2 epochs in " in printed
    assert not errors
    assert names_in(tmp_path) == REPORT
    assert str(tmp_path / "report.html") in printed


def test_train_tests_on_the_test_part_and_shows_the_classes_names(tmp_path, capsys, monkeypatch):
    sample = datasets.load_mnist_sample()
    names = [f"digit number {i}" for i in range(10)]
    parts = {"train": slice(0, None, 10), "test": slice(5, None, 50)}

    def fetch(subset, data_home):
        assert data_home == "somewhere"
        rows = parts[subset]
        return Bunch(
            data=sample.data[rows],
            target=sample.target[rows],
            target_names=names,
            DESCR="Clothes\n-------",
        )

    monkeypatch.setattr(datasets, "fetch_fashion_mnist", fetch)
    argv = ["train", "--data", "fashion-mnist", "--data-home", "somewhere", "--max-epochs", "1"]
    assert main([*argv, "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "Clothes (somewhere)\n500 images to train on, 100 to test on" in printed
    assert "digit number 7" in printed


def test_every_data_set_is_known():
    public = {name for name in datasets.__all__ if name.startswith(("fetch_", "load_mnist"))}
    assert set(cli_data.DATASETS.values()) == public


@pytest.mark.full_data
def test_train_on_the_full_mnist(full_mnist, tmp_path, capsys):
    argv = ["train", "--data", "mnist", "--data-home", str(full_mnist), "--out", str(tmp_path)]
    assert main([*argv, "--max-epochs", "1", "--random-state", "0"]) == 0
    printed = capsys.readouterr().out
    assert "60,000 images to train on, 10,000 to test on" in printed
    assert float(re.search(r"Test accuracy: ([\d.]+)%", printed)[1]) > 90


# -- options ---------------------------------------------------------------------------------


@every_model
def test_every_parameter_is_an_option(model, capsys):
    with pytest.raises(SystemExit) as end:
        main(["train", "--model", model, "--help"])
    assert end.value.code == 0
    printed = capsys.readouterr().out
    parameters = set(inspect.signature(MODELS[model]).parameters)
    options = set(re.findall(r"^  --([a-z-]+)", printed, flags=re.MULTILINE))
    ours = {"model", "data", "data-home", "out", "save"}
    assert {name.replace("-", "_") for name in options - ours} == parameters - arguments.NO_OPTIONS


def test_parameters_that_are_no_options_exist():
    for name in arguments.NO_OPTIONS:
        assert any(name in inspect.signature(cls).parameters for cls in MODELS.values())


@every_model
def test_defaults_are_the_estimators_but_for_the_bar(model, classifiers_of):
    wanted = MODELS[model](verbose="bar").get_params()
    assert classifiers_of("train", "--model", model)[model].get_params() == wanted


@every_model
def test_defaults_can_be_written_as_the_help_shows_them(model, classifiers_of):
    argv = ["train", "--model", model]
    for name, default in arguments.defaults(model).items():
        option = name.replace("_", "-")
        if isinstance(default, bool):
            argv.append(f"--{option}" if default else f"--no-{option}")
        else:
            argv += [f"--{option}", arguments.as_text(default)]
    made = classifiers_of(*argv)[model].get_params()
    wanted = MODELS[model](verbose="bar").get_params()
    # One layer is shown as its number.
    for params in (made, wanted):
        if params["hidden_layer_sizes"] == (128,):
            params["hidden_layer_sizes"] = 128
    assert made == wanted


@pytest.mark.parametrize(
    ("words", "name", "value"),
    [
        ("--hidden-layer-sizes 64,32", "hidden_layer_sizes", (64, 32)),
        ("--hidden-layer-sizes 64 32", "hidden_layer_sizes", (64, 32)),
        ("--hidden-layer-sizes 64, 32", "hidden_layer_sizes", (64, 32)),
        ("--hidden-layer-sizes 256", "hidden_layer_sizes", 256),
        ("--hidden-layer-sizes ()", "hidden_layer_sizes", ()),
        ("--stride 1,3", "stride", (1, 3)),
        ("--kernel-size 5", "kernel_size", 5),
        ("--kernel-size 5,(3,1)", "kernel_size", (5, (3, 1))),
        ("--pool-size none", "pool_size", None),
        ("--pool-size None", "pool_size", None),
        ("--image-shape 14 56", "image_shape", (14, 56)),
        ("--lr 0.01", "lr", 0.01),
        ("--lr=1e-2", "lr", 0.01),
        ("--optimizer sgd", "optimizer", "sgd"),
        ("--early-stopping", "early_stopping", True),
        ("--early-stopping --no-early-stopping", "early_stopping", False),
        ("--class-weight balanced", "class_weight", "balanced"),
        ("--class-weight {0:2.0}", "class_weight", {0: 2.0}),
        ("--device cuda:1", "device", "cuda:1"),
        ("--verbose 1", "verbose", 1),
    ],
)
def test_values_are_read_as_in_python(words, name, value, classifiers_of):
    clf = classifiers_of("train", "--model", "cnn", *words.split())["cnn"]
    assert getattr(clf, name) == value
    assert type(getattr(clf, name)) is type(value)


def test_demo_passes_its_options_on(classifiers_of):
    made = classifiers_of("demo", "--device", "cpu", "--seed", "3")
    assert {clf.device for clf in made.values()} == {"cpu"}
    assert {clf.random_state for clf in made.values()} == {3}


# -- refusals --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        ("", "required: COMMAND"),
        ("dmeo", "invalid choice: 'dmeo'"),
        ("demo --epochs 3", "unrecognized arguments: --epochs 3"),
        ("train --data minst", "invalid choice: 'minst'"),
        ("train --model rnn", "invalid choice: 'rnn'"),
        ("train --kernel-size 5", "--model mlp has no option --kernel-size, only --model cnn"),
        (
            "train --model backprop --no-nesterov",
            "--model backprop has no option --no-nesterov, only --model mlp and --model cnn",
        ),
        ("train --kernal-size 5", "unrecognized arguments: --kernal-size 5"),
        ("train --callbacks 5", "unrecognized arguments: --callbacks 5"),
        ("train --max-ep 5", "unrecognized arguments: --max-ep 5"),
        ("train --lr 1 2", "unrecognized arguments: 2"),
        ("train --lr -1", "'lr' of MLPClassifier must be a positive number; got -1"),
        ("train --activation rulu", "Did you mean 'relu'?"),
        ("train --hidden-layer-sizes 64,x", "got '64,x'"),
        ("train --max-epochs 0", "must be an integer of at least 1; got 0"),
    ],
)
def test_bad_arguments_are_refused(argv, words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert words in refused(capsys, *argv.split())
    assert not names_in(tmp_path)


def test_bad_size_is_refused_when_it_comes_up(few_images, capsys, tmp_path):
    argv = ["train", "--out", str(tmp_path), "--hidden-layer-sizes", "64,0"]
    assert "every size must be an integer of at least 1" in refused(capsys, *argv)


def test_data_that_are_not_there_are_an_error(tmp_path, capsys, monkeypatch):
    def no_network(*_, **__):
        raise socket.gaierror("no network in this test")

    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    monkeypatch.setenv("SKMNIST_DATA", str(tmp_path / "data"))
    assert main(["train", "--data", "mnist", "--out", str(tmp_path / "out")]) == 1
    printed, error = capsys.readouterr()
    assert not printed
    assert error.startswith(f"skmnist: {tmp_path / 'data'}: MNIST could not be downloaded")
    assert "load_mnist_sample() always works" in error
    assert not names_in(tmp_path / "out")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--model cnn --channels 4,4,4 --kernel-size 9 --padding 0", "convolution 3 of 3"),
        ("--device cuda:99", "device='cuda:99' is not on this machine"),
        ("--lr 1e30 --optimizer sgd --loss mse --activation identity", "The loss became"),
    ],
)
def test_training_that_fails_is_an_error(words, message, few_images, tmp_path, capsys):
    assert main(["train", "--out", str(tmp_path), "--verbose", "0", *words.split()]) == 1
    error = capsys.readouterr().err
    assert message in error
    assert len(error.splitlines()) == 1
    assert not names_in(tmp_path)


def test_folder_that_cannot_be_made_is_an_error(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert main(["demo", "--out", str(tmp_path / "file")]) == 1
    assert str(tmp_path / "file") in capsys.readouterr().err


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), pytest.param(RuntimeError("half imported"), id="swallowed")]
)
def test_interrupt_ends_with_one_line(error, capsys, monkeypatch):
    def interrupted(*_):
        # A library that is being imported may turn Ctrl-C into another error.
        try:
            if not isinstance(error, KeyboardInterrupt):
                os.kill(os.getpid(), cli.signal.SIGINT)
        except KeyboardInterrupt:
            pass
        raise error

    monkeypatch.setattr(cli, "_run", interrupted)
    before = cli.signal.getsignal(cli.signal.SIGINT)
    assert main(["demo"]) == 130
    assert capsys.readouterr().err.strip() == "skmnist: interrupted"
    assert cli.signal.getsignal(cli.signal.SIGINT) is before


def test_our_own_mistakes_are_not_hidden(monkeypatch):
    def broken(*_):
        raise AssertionError("a bug")

    monkeypatch.setattr(cli, "_run", broken)
    with pytest.raises(AssertionError, match="a bug"):
        main(["demo"])


# -- processes -------------------------------------------------------------------------------


def test_python_m_skmnist_knows_its_version():
    argv = [sys.executable, "-m", "skmnist", "--version"]
    assert subprocess.check_output(argv, text=True) == f"skmnist {__version__}\n"


def test_help_imports_nothing_heavy():
    script = (
        "import sys; from skmnist.cli import main\n"
        "try: main(['--help'])\n"
        "finally: print([m for m in ['numpy', 'torch', 'sklearn', 'matplotlib', 'pandas'] "
        "if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"
    for command in cli.COMMANDS:
        assert f"    {command} " in done.stdout
