"""Designated hospitals and pharmacies: agreements, keys, and the mapping of their codes."""
