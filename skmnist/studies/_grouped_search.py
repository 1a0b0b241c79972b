"""Base class of the searches that score all values of max_epochs from a single fit."""

from __future__ import annotations

import functools
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.model_selection import GridSearchCV, check_cv

from ._param_key import param_key
from ._proxies import PLAN, FitPlan
from ._search_base import BaseEpochSearch, Group, with_params
from ._stacked_search import stack_candidates
from ._staged import last_step, supports_staged_fit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from typing_extensions import Self


class GroupedSearch(BaseEpochSearch):
    """Base class of the searches that score all values of `max_epochs` from a single fit."""

    stack: Any
    _data: tuple[Any, Any, dict[str, Any]]

    def _fit(self, X: Any, y: Any, params: dict[str, Any], **attributes: Any) -> Self:
        # As a splitter, because an iterator over splits can be read only once.
        cv = check_cv(self.cv, y, classifier=is_classifier(self.estimator))
        return super()._fit(X, y, params, _data=(X, y, params), cv=cv, **attributes)

    def _list_candidates(self) -> Iterable[dict[str, Any]]:
        """Return the parameters of the candidates."""
        raise NotImplementedError

    def _run_search(self, evaluate_candidates: Any, callback_ctx: Any = None) -> None:
        """Search the groups as a grid search does."""
        self._candidates = list(self._list_candidates())
        self._groups = self._group_candidates()
        self.staged_ = np.zeros(len(self._candidates), dtype=bool)
        self.param_grid = []
        cv, fits = stack_candidates(self)
        for g, (indices, epochs) in enumerate(self._groups):
            self.staged_[indices] = epochs is not None
            params = self._candidates[indices[0]]
            plan = FitPlan(epochs, self._deadline, fitted=fits.get(g))
            if plan != FitPlan():
                params = {**params, PLAN: plan}
            self.param_grid.append({name: [value] for name, value in params.items()})
        # Only scikit-learn 1.9 or newer has this argument.
        context = {} if callback_ctx is None else {"callback_ctx": callback_ctx}
        # The splits of a splitter without a seed differ from call to call.
        evaluate = functools.partial(evaluate_candidates, cv=cv)
        GridSearchCV._run_search(self, evaluate, **context)

    def _group_candidates(self) -> list[Group]:
        """Group the candidates that are trained together."""
        estimator = self.estimator.estimator
        name = last_step(estimator)[1] + "max_epochs"
        indices_by_key: dict[Any, list[int]] = {}
        for i, candidate in enumerate(self._candidates):
            others = frozenset((k, param_key(value)) for k, value in candidate.items() if k != name)
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
