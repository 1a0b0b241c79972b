"""Networks, losses and gradients in torch; no scikit-learn and no skorch."""
