"""OpenYibao (医保): China's medical security system as one executable, exact, explainable system.

from openyibao import Claim, Uses, find_policy, read_policy, settle

policy = read_policy(find_policy("chongqing/resident-2023"))
bill, uses = settle(policy, Uses(), claim)
print(bill.to_json())
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openyibao.policy import FileError, Policy, find_policy, policy_ids, read_policy
    from openyibao.settlement import Bill, Claim, ClaimError, Rule, Uses, read_claims, settle

__version__ = "0.1.0"
__all__ = [
    "Bill",
    "Claim",
    "ClaimError",
    "FileError",
    "Policy",
    "Rule",
    "Uses",
    "find_policy",
    "policy_ids",
    "read_claims",
    "read_policy",
    "settle",
]
_OF_POLICY = {"FileError", "Policy", "find_policy", "policy_ids", "read_policy"}


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is: a process that settles nothing starts without the engine."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{'policy' if name in _OF_POLICY else 'settlement'}"), name)
    globals()[name] = value
    return value
