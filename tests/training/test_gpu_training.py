"""Training on a GPU: CUDA graphs, precision, reproducible results and errors."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from skmnist import BackpropClassifier, CNNClassifier, MLPClassifier, load
from skmnist._estimators.presets import PRESETS
from skmnist._training import cuda_graphs
from skmnist._training.net import Net
from skmnist._training.optimizers import OPTIMIZERS
from tests.helpers import digits, same_network, tiny
from tests.training.helpers import fit_stacked

pytestmark = pytest.mark.gpu

X, Y = digits()  # 250 samples: seven batches of 32, and one of 26

CASES = [
    *((cls, {}) for cls in (MLPClassifier, BackpropClassifier, CNNClassifier)),
    (MLPClassifier, {"dropout": 0.3, "batch_norm": True}),
    (MLPClassifier, {"optimizer": "sgd", "momentum": 0.9, "lr_schedule": "onecycle"}),
    (CNNClassifier, {"dropout": 0.3, "batch_norm": True, "lr_schedule": "onecycle"}),
    (CNNClassifier, {"optimizer": "adamw", "weight_decay": 0.1, "lr_schedule": "cosine"}),
    (CNNClassifier, {"average": False, "label_smoothing": 0.1, "class_weight": "balanced"}),
    (CNNClassifier, {"pool_size": 3, "pool_stride": 2, "global_pool": "average"}),
    *((CNNClassifier, {"augment": name}) for name in ("light", "photo", "flip")),
    *((cls, {"precision": "float16"}) for cls in (MLPClassifier, CNNClassifier)),
    *((cls, {"precision": "bfloat16"}) for cls in (MLPClassifier, CNNClassifier)),
    (CNNClassifier, {"precision": "float64"}),
]
every_case = pytest.mark.parametrize("cls, params", CASES)


@pytest.fixture
def captures(monkeypatch):
    """The captures of steps; one that fails warns, which is an error in a test."""
    found, capture = [], cuda_graphs.capture

    def noted(*args):
        found.append(capture(*args))
        return found[-1]

    monkeypatch.setattr(cuda_graphs, "capture", noted)
    return found


def on_gpu(cls, **params):
    return tiny(cls, device="cuda", max_epochs=3, **params)


@every_case
def test_replays_give_the_same_bits_as_the_step(cls, params, captures, monkeypatch):
    clf = on_gpu(cls, **params).fit(X, Y)
    assert len(captures) == 1
    monkeypatch.setenv("SKMNIST_CUDA_GRAPHS", "0")
    eager = on_gpu(cls, **params).fit(X, Y)
    assert len(captures) == 1
    assert same_network(eager, clf)
    assert eager.loss_curve_ == clf.loss_curve_


@every_case
def test_same_seed_gives_the_same_bits_twice(cls, params):
    clf = on_gpu(cls, **params).fit(X, Y)
    again = on_gpu(cls, **params).fit(X, Y)
    assert same_network(again, clf)
    assert np.array_equal(again.predict_proba(X), clf.predict_proba(X))


@every_case
def test_model_predicts_the_same_labels_on_a_cpu(cls, params, tmp_path):
    clf = on_gpu(cls, **params).fit(X, Y)
    clf.save(tmp_path / "model.safetensors")
    loaded = load(tmp_path / "model.safetensors", device="cpu")
    top = np.sort(clf.predict_proba(X), axis=1)
    is_tie = top[:, -1] - top[:, -2] < 0.02
    assert (clf.predict(X) == loaded.predict(X))[~is_tie].all()


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_captured(name, captures):
    params = {"max_epochs": 2, "device": "cuda", "random_state": 0}
    CNNClassifier.from_preset(name, **params).fit(X, Y)
    assert len(captures) == 1


@pytest.mark.filterwarnings("ignore:Synchronization debug mode is a prototype")
@pytest.mark.parametrize("graphs", ["0", "1"])
@every_case
def test_epoch_does_not_wait_for_the_gpu(cls, params, graphs, monkeypatch):
    train_batches = Net._train_batches

    def without_waiting(net, trainer, epoch):
        # The first epoch initializes the libraries and the optimizer.
        torch.cuda.set_sync_debug_mode("error" if epoch > 0 else "default")
        try:
            return train_batches(net, trainer, epoch)
        finally:
            torch.cuda.set_sync_debug_mode("default")

    monkeypatch.setenv("SKMNIST_CUDA_GRAPHS", graphs)
    monkeypatch.setattr(Net, "_train_batches", without_waiting)
    on_gpu(cls, **params).fit(X, Y)


@pytest.mark.parametrize("params", [{"dropout": 0.3}, {"augment": "light", "precision": "float16"}])
def test_resumed_fit_gives_the_same_bits(params, tmp_path):
    whole = on_gpu(CNNClassifier, **params).fit(X, Y)
    begun = on_gpu(CNNClassifier, checkpoint_dir=tmp_path, **params)
    begun.set_params(max_epochs=1).fit(X, Y)
    resumed = on_gpu(CNNClassifier, checkpoint_dir=tmp_path, **params).fit(X, Y, resume=True)
    assert same_network(resumed, whole)


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
def test_autocast_of_the_caller_changes_no_bit(precision):
    clf = on_gpu(CNNClassifier, precision=precision).fit(X, Y)
    with torch.autocast("cuda", torch.bfloat16):
        again = on_gpu(CNNClassifier, precision=precision).fit(X, Y)
    assert same_network(again, clf)


def test_fits_in_threads_give_the_same_bits(captures):
    clf = on_gpu(CNNClassifier, dropout=0.3).fit(X, Y)
    with ThreadPoolExecutor(3) as pool:
        fits = [pool.submit(on_gpu(CNNClassifier, dropout=0.3).fit, X, Y) for _ in range(6)]
        assert all(same_network(fit.result(), clf) for fit in fits)
    assert len(captures) == 7


def test_memory_of_earlier_graphs_is_returned(captures, monkeypatch):
    monkeypatch.setattr(cuda_graphs, "_MAX_CACHED", 0)
    reserved = []
    for _ in range(5):
        on_gpu(CNNClassifier).fit(X, Y)
        captures.clear()
        reserved.append(torch.cuda.memory_reserved())
    assert reserved[-1] <= reserved[1] + 2**25


def test_out_of_memory_names_batch_size_and_frees_the_memory():
    X, y = digits(step=1)
    clf = on_gpu(CNNClassifier).fit(X[:100], y[:100])
    torch.cuda.empty_cache()
    total = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.set_per_process_memory_fraction(300e6 / total)
    allocated = torch.cuda.memory_allocated()
    try:
        with pytest.raises(MemoryError, match=r"Out of memory.*batch_size \(now 4096\)"):
            CNNClassifier((32, 64), batch_size=4096, device="cuda").fit(X, y)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert torch.cuda.memory_allocated() < allocated + 50e6
    assert same_network(on_gpu(CNNClassifier).fit(X[:100], y[:100]), clf)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_training_continues_on_another_device(optimizer):
    clf = on_gpu(CNNClassifier, optimizer=optimizer).fit(X, Y)
    for device in ("cpu", "cuda"):
        clf.set_params(device=device).partial_fit(X, Y)
        assert clf.device_.startswith(device)
    assert clf.loss_curve_[-1] < clf.loss_curve_[0]


def test_absent_gpu_is_an_error_that_lists_the_devices():
    with pytest.raises(ValueError, match="'cpu', 'cuda:0'.*Got 'cuda:99' instead"):
        tiny(CNNClassifier, device="cuda:99").fit(X, Y)


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd", "rmsprop"])
def test_stack_gives_the_weights_of_separate_fits(optimizer, monkeypatch):
    # float64: a difference in the last digit grows during the training.
    own = [{"lr": 1e-3, "random_state": 0}, {"lr": 3e-3, "random_state": 1, "weight_decay": 0.01}]
    params = {"precision": "float64", "optimizer": optimizer, "momentum": 0.5}
    alone, captured, eager = (
        [on_gpu(MLPClassifier, **params).set_params(**each) for each in own] for _ in range(3)
    )
    fit_stacked(captured, [(X, Y)] * 2)
    monkeypatch.setenv("SKMNIST_CUDA_GRAPHS", "0")
    fit_stacked(eager, [(X, Y)] * 2)
    for clf, one, other in zip(alone, captured, eager, strict=True):
        assert same_network(one, other)
        for p, q in zip(clf.fit(X, Y).module_.parameters(), one.module_.parameters(), strict=True):
            torch.testing.assert_close(p, q, rtol=0, atol=1e-5)
