"""Image data sets: a bundled sample of MNIST, downloads, and files of your own."""

from ._cifar10 import fetch_cifar10
from ._data_home import get_data_home
from ._emnist import fetch_emnist
from ._fashion_mnist import fetch_fashion_mnist
from ._image_csv import load_image_csv
from ._image_folder import load_image_folder
from ._image_npz import load_image_npz
from ._image_parquet import load_image_parquet
from ._kmnist import fetch_kmnist
from ._medmnist import fetch_medmnist
from ._mnist import fetch_mnist
from ._qmnist import fetch_qmnist
from ._sample import load_mnist_sample
from ._svhn import fetch_svhn
from ._usps import fetch_usps

__all__ = [
    "fetch_cifar10",
    "fetch_emnist",
    "fetch_fashion_mnist",
    "fetch_kmnist",
    "fetch_medmnist",
    "fetch_mnist",
    "fetch_qmnist",
    "fetch_svhn",
    "fetch_usps",
    "get_data_home",
    "load_image_csv",
    "load_image_folder",
    "load_image_npz",
    "load_image_parquet",
    "load_mnist_sample",
]
