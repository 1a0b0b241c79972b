"""Run the command line: ``python -m skmnist``."""

from skmnist.cli import main

# Workers of joblib import this module, too.
if __name__ == "__main__":
    raise SystemExit(main())
