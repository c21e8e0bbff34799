"""The insured: persons, households, coverage, identities, accounts and filings."""
