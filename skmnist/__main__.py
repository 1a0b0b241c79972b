"""Run the command line: ``python -m skmnist``."""

from skmnist.cli import main

raise SystemExit(main())
