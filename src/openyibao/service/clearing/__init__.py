"""Payment: what institutions and persons are owed becomes statements, orders, bank files, and what the bank confirms.

    statement.issue -> order.institutions, order.persons -> batches.send -> confirmations.receive -> confirmation.book

Words with a dot are proposals of two persons. The books stay the ledger's: an entry is posted when money is withheld,
deducted, confirmed as paid, or comes back; an order that waits at the bank is none.
"""
