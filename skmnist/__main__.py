"""Run the command-line interface: ``python -m skmnist``."""

from skmnist.cli import main

# joblib's worker processes import this module.
if __name__ == "__main__":
    raise SystemExit(main())
