"""Visits, fee lines and settlements: the compiled policy called inside one transaction."""
