"""Programs that train the networks of the package. They are not part of it."""
