"""Sets of small images: a sample that comes along, and larger sets that are fetched once."""

from .data_home import get_data_home
from .emnist import fetch_emnist
from .errors import DatasetError
from .fashion_mnist import fetch_fashion_mnist
from .image_folder import load_image_folder
from .kmnist import fetch_kmnist
from .mnist import fetch_mnist
from .qmnist import fetch_qmnist
from .sample import load_mnist_sample
from .usps import fetch_usps

__all__ = [
    "DatasetError",
    "fetch_emnist",
    "fetch_fashion_mnist",
    "fetch_kmnist",
    "fetch_mnist",
    "fetch_qmnist",
    "fetch_usps",
    "get_data_home",
    "load_image_folder",
    "load_mnist_sample",
]
