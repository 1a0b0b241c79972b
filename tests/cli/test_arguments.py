"""Options of the commands: names, defaults, values and errors."""

import inspect
import re

import pytest

from skmnist import CNNClassifier
from skmnist.cli import _arguments as arguments
from skmnist.cli import _model_params as model_params
from skmnist.cli import main
from tests.cli.helpers import file_names, get_usage_error

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
    other_options = {
        "model",
        "preset",
        "data",
        "data-home",
        "test-data",
        "label-column",
        "size",
        "color",
        "normalize",
        "output-dir",
        "save",
        "resume",
    }
    assert {
        name.replace("-", "_") for name in options - other_options
    } == parameters - model_params.EXCLUDED_PARAMS


@every_model
def test_help_describes_what_can_be_used_on_the_command_line(model, capsys):
    with pytest.raises(SystemExit):
        main(["train", "--model", model, "--help"])
    printed = " ".join(capsys.readouterr().out.split())
    for python_only in [
        *("fit(", "partial_fit", "X_val", "callable", "RandomState", "torch.optim", "notebook"),
        *("module", "`", ":class:", "True", "VALUE"),
    ]:
        assert python_only not in printed
    assert printed.count("None") == 1  # in "Write None as none"
    assert "--activation {relu,tanh," in printed
    assert "--lr FLOAT" in printed
    assert "--batch-size INT" in printed
    assert "--checkpoint-dir DIR" in printed
    assert "--random-state {INT,none}" in printed


def test_help_of_a_preset_shows_its_values(capsys):
    with pytest.raises(SystemExit):
        main(["train", "--preset", "tiny", "--help"])
    printed = " ".join(capsys.readouterr().out.split())
    assert "parameters of CNNClassifier (--preset tiny)" in printed
    channels = CNNClassifier.from_preset("tiny").channels
    assert f"(default: {','.join(map(str, channels))})" in printed
    assert "--pooling {max,average} [{max,average} ...]" in printed


@pytest.mark.parametrize("study", ["epochs", "learning-curve", "compare", "grid --grid lr 1"])
def test_studies_have_no_checkpoints(study, capsys):
    error = get_usage_error(capsys, "study", *study.split(), "--checkpoint-dir", "checkpoints")
    assert "unknown option --checkpoint-dir" in error


def test_excluded_parameters_exist():
    for name in model_params.EXCLUDED_PARAMS:
        assert any(name in inspect.signature(cls).parameters for cls in MODELS.values())


@every_model
def test_defaults_equal_the_estimators_except_verbose(model, parse_classifiers):
    expected = MODELS[model](verbose="bar").get_params()
    assert parse_classifiers("train", "--model", model)[model].get_params() == expected


@every_model
def test_defaults_are_parsed_as_the_help_shows_them(model, parse_classifiers):
    argv = ["train", "--model", model]
    for name, default in model_params.default_params(model).items():
        option = name.replace("_", "-")
        if isinstance(default, bool):
            argv.append(f"--{option}" if default else f"--no-{option}")
        else:
            argv += [f"--{option}", model_params.format_value(default)]
    params = parse_classifiers(*argv)[model].get_params()
    expected = MODELS[model](verbose="bar").get_params()
    # The help shows a single layer as an int.
    for each in (params, expected):
        if each["hidden_layer_sizes"] == (128,):
            each["hidden_layer_sizes"] = 128
    assert params == expected


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
def test_values_are_parsed_as_in_python(words, name, value, parse_classifiers):
    clf = parse_classifiers("train", "--model", "cnn", *words.split())["cnn"]
    assert getattr(clf, name) == value
    assert type(getattr(clf, name)) is type(value)


# -- invalid arguments------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ("", "required: COMMAND"),
        ("dmeo", "unknown command 'dmeo'. Did you mean 'demo'?"),
        ("x", "unknown command 'x'. Choose from demo, train, study, "),
        ("demo --epochs 3", "unknown option --epochs. Run 'skmnist demo --help'"),
        ("demo --randomstate=3", "unknown option --randomstate. Did you mean --random-state?"),
        ("demo 3", "unexpected arguments: 3"),
        ("--verison", "unknown option --verison. Did you mean --version?"),
        ("--lr 1 train", "unknown option --lr. Write the options of a command after its name."),
        ("study --cv 3 compare", "unknown option --cv. Write the options of a study after its "),
        ("study gird", "unknown study 'gird'. Did you mean 'grid'?"),
        ("study grid --gird lr 1", "unknown option --gird. Did you mean --grid?"),
        ("predict m --multipel", "unknown option --multipel. Did you mean --multiple?"),
        ("predict m a.png -multiple", "unknown option -multiple. Did you mean --multiple?"),
        ("serve m open", "unexpected arguments: open. Did you mean --open?"),
        ("serve m --prot=80", "unknown option --prot. Did you mean --port?"),
        ("train lr=1", "unexpected arguments: lr=1. Did you mean --lr?"),
        ("train --learning_rate 1", "unknown option --learning_rate. Did you mean --lr?"),
        ("train --Seed 1", "unknown option --Seed. Did you mean --random-state?"),
        ("train --filters 8", "no option --filters. Did you mean --channels of --model cnn?"),
        ("study grid --grid max_iter 5", "no parameter 'max_iter'. Did you mean 'max_epochs'?"),
        ("study compare --model mlp solver=sgd", "Did you mean 'optimizer'?"),
        ("demo --hepl", "unknown option --hepl. Did you mean --help?"),
        ("predict m.safetensors a.png b.png --save-steps c.png", "expected a single image, got 2"),
        ("train --data minst", "--data: invalid value 'minst'. Did you mean 'mnist'?"),
        ("train --data x", "invalid value 'x'. Choose from sample, mnist, fashion-mnist, "),
        ("train --model rnn", "--model: invalid value 'rnn'. Did you mean 'cnn'?"),
        ("train --modle cnn", "unknown option --modle. Did you mean --model?"),
        ("train --kernel-size 5", "no option --kernel-size. It is an option of --model cnn."),
        (
            "train --model backprop --no-nesterov",
            "no option --no-nesterov. It is an option of --model mlp and --model cnn.",
        ),
        ("train --kernal-size 5", "Did you mean --kernel-size of --model cnn?"),
        ("train --callbacks 5", "unknown option --callbacks. Run 'skmnist train --help'"),
        ("train --max-ep 5", "unknown option --max-ep. Did you mean --max-epochs?"),
        ("train --lr 1 2", "unexpected arguments: 2"),
        ("train --resume", "--resume requires --checkpoint-dir"),
        (
            "train --lr -1",
            "The 'lr' parameter of MLPClassifier must be a float in the range (0.0, inf). Got -1",
        ),
        ("train --activation rulu", "Did you mean 'relu'?"),
        ("train --hidden-layer-sizes 64,x", "Got '64,x' instead"),
        ("train --max-epochs 0", "must be an int in the range [1, inf). Got 0"),
    ],
)
def test_invalid_arguments_are_rejected(argv, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert message in get_usage_error(capsys, *argv.split())
    assert not file_names(tmp_path)


def test_other_names_are_those_of_options():
    known = {name for model in MODELS for name in model_params.default_params(model)}
    known |= {"cv", "data", "data_home", "output_dir", "multiple", "save_steps", "n_jobs"}
    assert set(arguments.OTHER_NAMES.values()) <= known
    assert not known & set(arguments.OTHER_NAMES)


def test_help_is_shown_beside_an_unknown_option(capsys):
    with pytest.raises(SystemExit) as end:
        main(["predict", "--foo", "--help"])
    assert end.value.code == 0
    assert "usage: skmnist predict" in capsys.readouterr().out


def test_file_name_may_begin_with_a_dash(folder, tmp_path, capsys, monkeypatch):
    (tmp_path / "-photo.jpg").write_bytes((folder / "photo.jpg").read_bytes())
    monkeypatch.chdir(tmp_path)
    assert main(["predict", "--", str(folder / "digits.safetensors"), "-photo.jpg"]) == 0
    assert capsys.readouterr().out.startswith("-photo.jpg: 4")
