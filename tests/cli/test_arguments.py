"""The options of the commands: their names, defaults, values and errors."""

import inspect
import re

import pytest

from skmnist.cli import _model_params as model_params
from skmnist.cli import main
from tests.cli.helpers import names_in, refused

MODELS = {model: model_params.model_class(model) for model in model_params.MODELS}


every_model = pytest.mark.parametrize("model", MODELS)


# -- options ---------------------------------------------------------------------------------


@every_model
def test_every_parameter_is_an_option(model, capsys):
    with pytest.raises(SystemExit) as end:
        main(["train", "--model", model, "--help"])
    assert end.value.code == 0
    printed = capsys.readouterr().out
    parameters = set(inspect.signature(MODELS[model]).parameters)
    options = set(re.findall(r"^  --([a-z-]+)", printed, flags=re.MULTILINE))
    ours = {"model", "data", "data-home", "output-dir", "save"}
    assert {
        name.replace("-", "_") for name in options - ours
    } == parameters - model_params.EXCLUDED_PARAMS


def test_parameters_that_are_no_options_exist():
    for name in model_params.EXCLUDED_PARAMS:
        assert any(name in inspect.signature(cls).parameters for cls in MODELS.values())


@every_model
def test_defaults_are_the_estimators_but_for_the_bar(model, classifiers_of):
    wanted = MODELS[model](verbose="bar").get_params()
    assert classifiers_of("train", "--model", model)[model].get_params() == wanted


@every_model
def test_defaults_can_be_written_as_the_help_shows_them(model, classifiers_of):
    argv = ["train", "--model", model]
    for name, default in model_params.default_params(model).items():
        option = name.replace("_", "-")
        if isinstance(default, bool):
            argv.append(f"--{option}" if default else f"--no-{option}")
        else:
            argv += [f"--{option}", model_params.format_value(default)]
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
