"""The national interface for designated institutions."""
