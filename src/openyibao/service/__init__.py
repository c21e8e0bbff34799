"""The platform: the handling agency's server, on Django and PostgreSQL. `docs/platform.md` shows its rooms.

Nothing outside this package may import it but `cli`; it imports the engine, never the reverse.
"""
