"""The losses by definition, in arbitrary precision: the truth that the golden files hold."""
