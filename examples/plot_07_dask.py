"""
Distributed grid search with Dask
=================================

Run the fits of a scikit-learn search on a Dask cluster, on this machine or on
several. Only the lines around the search change.
"""

# %%
# Define the search
# -----------------

import importlib.util

import joblib
from sklearn.model_selection import GridSearchCV

from skmnist import MLPClassifier
from skmnist.dask import resilient_client
from skmnist.datasets import load_mnist_sample
from skmnist.displays import SearchDisplay

X, y = load_mnist_sample(return_X_y=True)
search = GridSearchCV(
    MLPClassifier(max_epochs=5, random_state=0),
    {"lr": [0.0003, 0.001, 0.003, 0.01, 0.03]},
    cv=3,
)

# %%
# Run the search on a cluster
# ---------------------------
# This example starts a local cluster: two workers that are threads of this
# process. To use other machines, start a worker on each with ``dask worker``
# and connect with ``resilient_client("tcp://scheduler:8786")``.
#
# ``pip install '.[dask]'`` in a checkout installs Dask. Without Dask, this
# example runs the search in this process.

if importlib.util.find_spec("distributed"):
    with resilient_client(
        processes=False,
        n_workers=2,
        threads_per_worker=1,
        dashboard_address=None,
    ):
        with joblib.parallel_config(backend="dask"):
            search.fit(X, y)
    print("searched on a Dask cluster")
else:
    search.fit(X, y)
    print("Dask is not installed: searched in this process")
print("best parameters:", search.best_params_)
print(f"cross-validation accuracy: {search.best_score_:.1%}")
SearchDisplay.from_estimator(search)

# %%
# Check that the scores are the same
# ----------------------------------
# The number of threads does not affect the results, so the same seed gives
# exactly the same scores on the cluster and in this process.

local = GridSearchCV(search.estimator, search.param_grid, cv=3).fit(X, y)
on_cluster = search.cv_results_["mean_test_score"]
same = (local.cv_results_["mean_test_score"] == on_cluster).all()
print("same scores:", same)
