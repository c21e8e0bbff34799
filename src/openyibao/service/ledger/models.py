"""Accounts, entries and postings, and the seals over them. Money in fen."""
