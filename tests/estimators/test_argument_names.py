"""Names of arguments that do not exist get a suggestion."""

import inspect

import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch.callbacks import Checkpoint, EarlyStopping
from torch import nn

from skmnist import CNNClassifier, MLPClassifier, RejectClassifier, TorchClassifier
from skmnist._utils.argument_names import SYNONYMS
from tests.helpers import CLASSIFIERS, every_classifier, small_digits, tiny

X, Y = small_digits()

MEANT = [
    (MLPClassifier, "max_iter", "'max_epochs'"),
    (CNNClassifier, "epochs", "'max_epochs'"),
    (MLPClassifier, "learning_rate_init", "'lr'"),
    (CNNClassifier, "filters", "'channels'"),
    (MLPClassifier, "hidden_layer_size", "'hidden_layer_sizes'"),
    (MLPClassifier, "batchsize", "'batch_size'"),
    (TorchClassifier, "module__width", "'module_params', with the value {'width': ...}"),
    (TorchClassifier, "optimizer__momentum", "'momentum'"),
    (TorchClassifier, "iterator_train__batch_size", "'batch_size'"),
]


@pytest.mark.parametrize("cls, name, meant", MEANT)
def test_unknown_parameter_gets_a_suggestion(cls, name, meant):
    with pytest.raises(TypeError, match=f"unexpected keyword argument '{name}'") as caught:
        cls(**{name: 1})
    assert str(caught.value).endswith(f"Did you mean {meant}?")
    with pytest.raises(ValueError, match=f"Invalid parameter '{name}'") as caught:
        cls().set_params(**{name: 1})
    assert f"Did you mean {meant}?" in str(caught.value)
    with pytest.raises(ValueError) as caught:
        GridSearchCV(tiny(cls), {name: [1, 2]}, cv=2).fit(X, Y)
    assert f"Did you mean {meant}?" in str(caught.value)


@every_classifier
def test_unknown_parameter_that_resembles_none_gets_no_suggestion(cls):
    with pytest.raises(TypeError) as caught:
        cls(zzz=1)
    assert (
        str(caught.value) == f"{cls.__name__}.__init__() got an unexpected keyword argument 'zzz'."
    )
    with pytest.raises(ValueError, match="Invalid parameter 'zzz__a'.*Valid parameters are"):
        cls().set_params(zzz__a=1)


FIT_ARGUMENTS = {
    "epochs": "Pass max_epochs to the class: {}(max_epochs=...).",
    "batch_size": "Pass batch_size to the class: {}(batch_size=...).",
    "verbose": "Pass verbose to the class: {}(verbose=...).",
    "validation_split": "Pass validation_fraction to the class: {}(validation_fraction=...).",
    "validation_data": "Did you mean 'X_val' and 'y_val'?",
    "eval_set": "Did you mean 'X_val' and 'y_val'?",
    "sample_weights": "Did you mean 'sample_weight'?",
    "y_vall": "Did you mean 'y_val'?",
    "zzz": "'zzz'.",
}


@pytest.mark.parametrize("name", FIT_ARGUMENTS)
@every_classifier
def test_unknown_argument_of_fit_gets_a_suggestion(cls, name):
    hint = FIT_ARGUMENTS[name].format(cls.__name__)
    for fit in (tiny(cls).fit, lambda *args, **kw: make_pipeline(tiny(cls)).fit(*args, **kw)):
        key = name if fit.__name__ == "fit" else f"{cls.__name__.lower()}__{name}"
        with pytest.raises(
            TypeError, match=f"got an unexpected keyword argument '{name}'"
        ) as caught:
            fit(X, Y, **{key: 1})
        assert str(caught.value).endswith(hint)


def test_arguments_of_partial_fit_and_of_reject_classifier_get_a_suggestion():
    with pytest.raises(TypeError, match="Did you mean 'sample_weight'"):
        tiny(MLPClassifier).partial_fit(X, Y, sample_weights=1)
    with pytest.raises(TypeError, match="Did you mean 'reject_label'"):
        RejectClassifier(MLPClassifier(), 0.5, reject_labels=-1)
    with pytest.raises(TypeError, match="Did you mean 'threshold'"):
        RejectClassifier(MLPClassifier(), confidence=0.5)


def test_synonyms_mean_arguments_that_exist():
    arguments = {name for cls in CLASSIFIERS for name in inspect.signature(cls).parameters}
    arguments |= set(inspect.signature(MLPClassifier.fit).parameters)
    arguments |= set(inspect.signature(RejectClassifier).parameters)
    assert set(SYNONYMS.values()) <= arguments
    assert not set(SYNONYMS) & arguments


def test_parameters_of_nested_estimators_can_be_set():
    pipeline = make_pipeline(StandardScaler(), MLPClassifier())
    pipeline.set_params(mlpclassifier__lr=0.5, standardscaler__with_mean=False)
    assert clone(pipeline)[-1].lr == 0.5
    assert MLPClassifier().set_params(lr=1, max_epochs=2).max_epochs == 2


MONITORS = [
    ([EarlyStopping()], "EarlyStopping, which monitors 'valid_loss'"),
    ([("stop", EarlyStopping(monitor="valid_acc"))], "monitors 'valid_acc'"),
    ([Checkpoint(f_params=None, f_optimizer=None, f_criterion=None)], "'valid_loss_best'"),
]


@pytest.mark.parametrize("callbacks, part", MONITORS)
def test_callback_that_monitors_a_missing_validation_set_is_rejected(callbacks, part):
    clf = tiny(MLPClassifier, callbacks=callbacks)
    for train in (clf.fit, clf.partial_fit):
        with pytest.raises(ValueError, match=part) as caught:
            train(X, Y)
        assert "X_val" in str(caught.value) and "early_stopping=True" in str(caught.value)
        assert not hasattr(clf, "net_")


def test_callback_that_monitors_what_exists_is_accepted():
    stop = EarlyStopping(sink=lambda *args: None)
    tiny(MLPClassifier, callbacks=[stop]).fit(X, Y, X_val=X, y_val=Y)
    tiny(MLPClassifier, callbacks=[stop], early_stopping=True).fit(X, Y)
    tiny(MLPClassifier, callbacks=[EarlyStopping(monitor="train_loss")]).fit(X, Y)


def test_width_in_module_params_can_be_searched():
    def network(n_features, n_classes, width):
        return nn.Sequential(nn.Linear(n_features, width), nn.Linear(width, n_classes))

    grid = {"module_params": [{"width": 4}, {"width": 8}]}
    search = GridSearchCV(tiny(TorchClassifier, module=network), grid, cv=2).fit(X, Y)
    assert search.best_params_["module_params"]["width"] in (4, 8)
