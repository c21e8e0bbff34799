"""Reconciliation: an institution's list of settlements beside the platform's, and the work list of what differs.

compare(stated, held) -> Found       a pure function of two sets of rows
sheet.read_zip(content) -> Sheet     the list as it was uploaded
held.rows(scope, stated) -> Table    the platform's settlements
work.record(scope, sheet, found)     open differences, which close when they are gone
"""
