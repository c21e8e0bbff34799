"""Histories: the claims of a person over time, under the policies of a region one after the other.

load_series(["chongqing"]) -> Series             which policy holds on which date
settle(history, series, claim, at) -> History    one claim more; its bill is that of `entries[-1]`
reverse(history, claim_id, at, reason)           taken back at once, if no later claim depends on it
resettle(history, series, {claim_id: claim})     taken back (None) or corrected; what depends on it settled again
differences(changes)                             who owes and who gets back how much, by layer and payer
read_state(path), save_state(path, state)        histories of many persons in a file
uses_hash, history_hash, state_hash              one hash for what is the same
"""

from openyibao.history.changes import Changed, ReversalRefusedError, dependants, in_the_way, resettle, reverse
from openyibao.history.figures import Figures, differences, figures, sums
from openyibao.history.hashes import history_hash, state_hash, uses_hash
from openyibao.history.messages import HistoryError
from openyibao.history.person import Entry, Event, History, opened, settle, settle_all
from openyibao.history.series import Series, load_series, read_series_claims
from openyibao.history.state import State, read_state, save_state
from openyibao.history.state_check import StateFileError

__all__ = [
    "Changed",
    "Entry",
    "Event",
    "Figures",
    "History",
    "HistoryError",
    "ReversalRefusedError",
    "Series",
    "State",
    "StateFileError",
    "dependants",
    "differences",
    "figures",
    "history_hash",
    "in_the_way",
    "load_series",
    "opened",
    "read_series_claims",
    "read_state",
    "resettle",
    "reverse",
    "save_state",
    "settle",
    "settle_all",
    "state_hash",
    "sums",
    "uses_hash",
]
