"""Settlement: a policy compiled, claims in, exact and explained bills out.

    settle(policy, uses, claim) -> (bill, uses)    one claim
    Rule(policy).settle(uses, claim)               the same, with the compiled policy in hand
    read_claims(path, policy) -> [Claim]           claims from a YAML or JSON file

Columns of claims (`settlement.columns.RowRule`) and CSV tables (`tables.settle_table`) are imported by
their own names: they need Numba and PyArrow, which one claim does not.
"""

from openyibao.settlement.bill import Bill
from openyibao.settlement.claim import Claim, Uses
from openyibao.settlement.claim_file import read_claims
from openyibao.settlement.faults import ClaimError
from openyibao.settlement.rule import Rule, settle

__all__ = ["Bill", "Claim", "ClaimError", "Rule", "Uses", "read_claims", "settle"]
