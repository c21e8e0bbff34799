"""The funds' books: double entry, appended only, sealed."""
