"""OpenYibao (医保)."""
