"""A fit that is prepared but not trained yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from skmnist._training.stacked.epoch import Member

if TYPE_CHECKING:
    from skmnist._training.image_dataset import ImageDataset
    from skmnist._training.net import Net

    from .net_classifier import BaseNetClassifier


class DeferredFit(NamedTuple):
    """What is needed to train an estimator whose data are validated and whose net is built."""

    estimator: BaseNetClassifier
    net: Net
    dataset: ImageDataset
    validation_set: ImageDataset | None
    seconds: float  # the duration of the preparation

    @property
    def member(self) -> Member:
        """The net and its training set."""
        return Member(self.net, self.dataset)

    @property
    def datasets(self) -> dict[str, ImageDataset | None]:
        """The data sets, as the arguments of skorch's callbacks."""
        return {"dataset_train": self.dataset, "dataset_valid": self.validation_set}
