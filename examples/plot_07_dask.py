"""
A search on several machines
============================

scikit-learn hands the fits of a search to joblib, and joblib to Dask, whose workers may run on this
machine or on twenty. Only the lines around the search change.
"""

# %%
# The search
# ----------

import importlib.util

import joblib
from sklearn.model_selection import GridSearchCV

from skmnist import MLPClassifier
from skmnist.dask import resilient_client
from skmnist.datasets import load_mnist_sample

X, y = load_mnist_sample(return_X_y=True)
search = GridSearchCV(
    MLPClassifier(max_epochs=5, random_state=0), {"lr": [0.001, 0.003, 0.01]}, cv=3
)

# %%
# The cluster
# -----------
# Here it is two workers, threads of this process, which start at once. With
# ``resilient_client("tcp://scheduler:8786")`` it is the machines that were started with
# ``dask worker``. Dask is installed by ``pip install '.[dask]'``; without it this page
# searches without it.

if importlib.util.find_spec("distributed"):
    with resilient_client(
        processes=False, n_workers=2, threads_per_worker=1, dashboard_address=None
    ):
        with joblib.parallel_config(backend="dask"):
            search.fit(X, y)
    print("searched on a Dask cluster")
else:
    search.fit(X, y)
    print("Dask is not installed: searched in this process")
print(search.best_params_, f"{search.best_score_:.1%}")

# %%
# Notice that the results don't depend on it: the same seed gives the same bits on every worker,
# since each fit computes in one thread there.

alone = GridSearchCV(search.estimator, search.param_grid, cv=3).fit(X, y)
print(
    "the same scores:",
    (alone.cv_results_["mean_test_score"] == search.cv_results_["mean_test_score"]).all(),
)
