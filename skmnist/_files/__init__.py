"""Files that are written whole or not at all, and model files that hold nothing but data."""
