"""Filling a platform's database with many true settlements: some settled through the door, the others copies of them.

    seed(...)     places, persons and their histories, settled by the engine through the platform's own door
    multiply(...) every row of these copied in SQL, as other persons with numbers of their own
    check()       whatever the triggers and foreign keys hold, held against all rows at once

The region, its institutions and its persons are fictional; the law is that of the library.
"""
