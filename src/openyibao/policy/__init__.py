"""Policies: read them from files, find them, check them, write them in Chinese or English.

read_policy(path) -> Policy        every problem of a file at once, as FileError
find_policy(id) -> Path            a policy of the library, or a file of your own
write_policy(policy, lang) -> str  text that reads back to the same policy
"""

from openyibao.policy.library import PolicyNotFoundError, find_policy, policy_ids
from openyibao.policy.model import Policy
from openyibao.policy.problems import FileError, Problem
from openyibao.policy.read import read_policy, read_policy_text
from openyibao.policy.write import write_policy

__all__ = [
    "FileError",
    "Policy",
    "PolicyNotFoundError",
    "Problem",
    "find_policy",
    "policy_ids",
    "read_policy",
    "read_policy_text",
    "write_policy",
]
