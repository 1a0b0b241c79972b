"""Target of each row, by title and name: an upper limit.

The target applies to the ratio, or to the value if the row has no ratio. The targets are meant
for the full MNIST, one thread and one core, or two cores if the title names threads or cores.
"""

LIMITS = {
    ("MLP epoch", "scikit-learn"): 0.50,
    ("MLP epoch", "skorch"): 0.30,
    ("MLP epoch", "torch loop"): 0.65,
    ("MLP epoch", "torchvision DataLoader"): 0.10,
    ("wide CNN epoch", "skorch"): 0.60,
    ("grid search", "scikit-learn"): 0.50,
    ("predict 10,000 images", "scikit-learn"): 1.0,
    ("predict one image", "scikit-learn"): 1.5,
    ("memory of fit", "skmnist MLP"): 150,
    ("memory of fit", "skmnist wide CNN"): 150,
    ("import", "import skmnist"): 0.3,
    ("CNN epoch by threads", "skmnist, 2 threads"): 0.62,
    ("CNN epoch, all cores", "skorch"): 0.60,
    ("growth with n", "skmnist, 240,000 images"): 1.10,
}
