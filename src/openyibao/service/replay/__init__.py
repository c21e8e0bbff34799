"""Replay: every bill and every use derived again from the log, by the column engine, and held against what is kept.

log.read(...)          the histories of some persons as they are kept
derive.derive(...)     their claims settled again: in columns, or one by one where columns can't
compare.compare(...)   what differs, by settlement and field
work.replay(...)       all of a period, in blocks of persons, by several processes on one snapshot
"""
