"""Measuring: claims made up for the purpose, and benchmarks that print their figures."""
