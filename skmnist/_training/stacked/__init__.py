"""Training of several networks of one size at once."""
