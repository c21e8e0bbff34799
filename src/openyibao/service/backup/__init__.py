"""Backup of the platform's database server, and its restoring to a point in time.

A backup folder holds base backups and every byte of the write-ahead log since the first of them; `take` fills it from
a running server by PostgreSQL's own programs, `restore` makes a server of it as it stood at a moment and checks it.
"""
