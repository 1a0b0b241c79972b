"""The measures: what is measured, how, and what must hold.

This module imports neither NumPy nor torch, nor anything else that may be missing.
"""

from typing import NamedTuple


class Measure(NamedTuple):
    title: str
    unit: str
    definition: str
    bound: float | None = None  # upper limit
    statistic: str = "median"  # of the runs, which is compared with the bound


# What is said once, above the definitions of the measures.
PREFACE = """\
All times are those of training, without the scoring. The time of an epoch begins before its \
first batch is taken and ends after its last one, with `torch.cuda.synchronize` at both ends. The \
first epoch includes the capture of the CUDA graph. The pixels (one byte each) and labels are on \
the device before; *complete fit* has the time for that, too. Each part runs in a process of its \
own, and begins with a training that is not counted. The ratio of two measures is that of their \
medians, and its range that of any two runs. All runs are in `summary.json`."""

_TO_99 = "Sum of the epochs until the test accuracy is 99%. A run that ends below has a dash."

COUNTS = ("tests", "labels", "arrays", "errors")  # units of whole numbers

# By name. "{device}" is replaced by the name of the device.
MEASURES = {
    "tests_failed": Measure(
        "GPU tests that failed", "tests", "pytest -m gpu in a process of its own.", 0
    ),
    "fast_to_99": Measure(
        'CNN preset "fast": from the first batch to 99% test accuracy',
        "s",
        f"{_TO_99} The preset trains for one epoch. 60,000 images, 20 seeds.",
        0.5,
        "mean",
    ),
    "fast_accuracy": Measure('CNN preset "fast": test accuracy', "%", "On the 10,000 test images."),
    "fast_fit": Measure(
        'CNN preset "fast": complete fit',
        "s",
        "Until `fit` returns: also checks and sorts the images, and copies them to the device.",
    ),
    "skorch_to_99": Measure(
        "skorch with the same network, to 99% test accuracy",
        "s",
        f"{_TO_99} skorch trains with Adam, and with the learning rate and the batch size of"
        " CNNClassifier(), for up to 20 epochs. Its images are a float32 array, which it copies to"
        " the device batch by batch. 3 seeds.",
    ),
    "mlp_epoch": Measure(
        "MLPClassifier(), epoch on {device}", "s", "60,000 images, 10 epochs with each of 3 seeds."
    ),
    "mlp_epoch_one_core": Measure(
        "MLPClassifier(), epoch on one CPU core",
        "s",
        "The same in a process of its own, pinned to one core, n_threads=1.",
    ),
    "mlp_alone": Measure(
        "MLPClassifier() alone, epoch on {device}, measured beside each stack",
        "s",
        "60,000 images, the median of 3 epochs after the first; one value for each stack.",
    ),
    "stacked": Measure(
        "64 stacked MLPs of different learning rates, epoch per member",
        "s",
        "The same images in the same order for all members, `benchmarks/stacked.py`.",
    ),
    "stacked_own": Measure(
        "64 stacked MLPs, each with an order of its own, epoch per member",
        "s",
        "The same with a seed for each member.",
    ),
    "accurate": Measure(
        'CNN preset "accurate": from the first batch to the end',
        "s",
        "Sum of the 20 epochs, 60,000 images.",
    ),
    "accurate_accuracy": Measure(
        'CNN preset "accurate": test accuracy', "%", "On the 10,000 test images."
    ),
    "accurate_one_core": Measure(
        'CNN preset "accurate" on one CPU core, extrapolated',
        "s",
        "Time of an epoch on the first 6,000 images, times 10 and the number of epochs, in a"
        " process of its own, pinned to one core, n_threads=1.",
    ),
    "labels_differ": Measure(
        "test labels that differ, predicted on {device} and by a CPU without CUDA",
        "labels",
        "A process with CUDA_VISIBLE_DEVICES='' loads the saved classifier. One value for each"
        " classifier.",
        0,
        "maximum",
    ),
    "bits_differ": Measure(
        "arrays of weights that differ between two fits with one seed",
        "arrays",
        "deterministic=True, which is the default. One value for each classifier.",
        0,
        "maximum",
    ),
    "errors_differ": Measure(
        "errors that are not as documented",
        "errors",
        "Out of memory, a device that does not exist, a device that fails during the training."
        " Out of memory: the process limits its own share of the device's memory. Failing device:"
        " an assertion in a kernel, after which the process can't use the device any more.",
        0,
    ),
    "peak_memory": Measure(
        "peak device memory of CNNClassifier().fit", "MB", "torch.cuda.max_memory_allocated."
    ),
}
_IMAGES = "60,000 images, without the first epoch."
_NETWORKS = {"mlp": "MLPClassifier((64, 32))", "cnn": "CNNClassifier()"}
BATCH_SIZES = {"mlp": (64, 512), "cnn": (128, 512)}
for _network, _title in _NETWORKS.items():
    for _n in BATCH_SIZES[_network]:
        _what = f"{_title}, batch_size={_n}, epoch"
        MEASURES |= {
            f"{_network}_{_n}": Measure(f"{_what} on {{device}}", "s", _IMAGES),
            f"{_network}_{_n}_cpu": Measure(
                f"{_what} on all CPU cores", "s", "The same in a process of its own."
            ),
        }
    MEASURES[f"{_network}_no_graphs"] = Measure(
        f"{_title}, epoch with SKMNIST_CUDA_GRAPHS=0", "s", _IMAGES
    )
PRECISIONS = ("bfloat16", "float16")
for _precision in PRECISIONS:
    MEASURES[f"cnn_{_precision}"] = Measure(
        f'CNNClassifier(precision="{_precision}"), epoch', "s", _IMAGES
    )


class Ratio(NamedTuple):
    title: str
    numerator: str
    denominator: str
    bound: float | None = None


# Ratios of the medians of two measures.
RATIOS = {
    "fast_to_skorch": Ratio(
        'CNN preset "fast" over skorch with the same network, to 99%',
        "fast_to_99",
        "skorch_to_99",
        0.1,
    ),
    "mlp_to_one_core": Ratio(
        "MLPClassifier(), epoch on {device} over one CPU core",
        "mlp_epoch",
        "mlp_epoch_one_core",
        0.25,
    ),
    "stacked_to_alone": Ratio(
        "64 stacked MLPs, time per member over one alone", "stacked", "mlp_alone", 0.05
    ),
    "stacked_own_to_alone": Ratio(
        "64 stacked MLPs with orders of their own, per member over one alone",
        "stacked_own",
        "mlp_alone",
    ),
    "accurate_to_one_core": Ratio(
        'CNN preset "accurate", {device} over one CPU core', "accurate", "accurate_one_core", 0.05
    ),
    "mlp_graphs": Ratio("MLP, CUDA graphs on over off", "mlp_64", "mlp_no_graphs"),
    "cnn_graphs": Ratio("CNN, CUDA graphs on over off", "cnn_128", "cnn_no_graphs"),
    **{
        f"cnn_{precision}_to_float32": Ratio(
            f"CNN, {precision} over float32", f"cnn_{precision}", "cnn_128"
        )
        for precision in PRECISIONS
    },
    **{
        f"{network}_{n}_to_cpu": Ratio(
            f"{title}, batch_size={n}, {{device}} over all CPU cores",
            f"{network}_{n}",
            f"{network}_{n}_cpu",
        )
        for network, title in _NETWORKS.items()
        for n in BATCH_SIZES[network]
    },
}
