"""Base class of the searches that score all values of max_epochs from a single fit."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.model_selection import GridSearchCV

from ._proxies import PLAN, FitPlan
from ._search_base import BaseEpochSearch, Group, with_params
from ._staged import last_step, supports_staged_fit

if TYPE_CHECKING:
    from collections.abc import Iterable


class GroupedSearch(BaseEpochSearch):
    """Base class of the searches that score all values of `max_epochs` from a single fit."""

    def _list_candidates(self) -> Iterable[dict[str, Any]]:
        """Return the parameters of the candidates."""
        raise NotImplementedError

    def _run_search(self, evaluate_candidates: Any, callback_ctx: Any = None) -> None:
        """Search the groups as a grid search does."""
        self._candidates = list(self._list_candidates())
        self._groups = self._group_candidates()
        self.staged_ = np.zeros(len(self._candidates), dtype=bool)
        self.param_grid = []
        for indices, epochs in self._groups:
            self.staged_[indices] = epochs is not None
            params, plan = self._candidates[indices[0]], FitPlan(epochs, self._deadline)
            if plan != FitPlan():
                params = {**params, PLAN: plan}
            self.param_grid.append({name: [value] for name, value in params.items()})
        # Only scikit-learn 1.9 or newer has this argument.
        context = {} if callback_ctx is None else {"callback_ctx": callback_ctx}
        GridSearchCV._run_search(self, evaluate_candidates, **context)

    def _group_candidates(self) -> list[Group]:
        """Group the candidates that are trained together."""
        estimator = self.estimator.estimator
        name = last_step(estimator)[1] + "max_epochs"
        indices_by_key: dict[Any, list[int]] = {}
        for i, candidate in enumerate(self._candidates):
            others = frozenset((k, _key(value)) for k, value in candidate.items() if k != name)
            epochs = candidate.get(name)
            valid = isinstance(epochs, Integral) and int(epochs) >= 1
            indices_by_key.setdefault((others, None if valid else i), []).append(i)

        groups: list[Group] = []
        for indices in indices_by_key.values():
            params = self._candidates[indices[0]]
            if len(indices) > 1 and supports_staged_fit(with_params(estimator, params)):
                epochs = tuple(self._candidates[i][name] for i in indices)
                groups.append(Group(indices, epochs))
            else:
                groups += [Group([i], None) for i in indices]
        return groups


def _key(value: Any) -> Any:
    """Return a key that is equal for equal values of the same type.

    Values need not be hashable; then only the same object has the same key.
    """
    if isinstance(value, tuple):
        return tuple, tuple(map(_key, value))
    try:
        hash(value)
    except TypeError:
        return id(value)
    return type(value), value
