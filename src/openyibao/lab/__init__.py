"""The lab: whole populations through the arithmetic that settles one claim."""
