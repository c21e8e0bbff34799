"""What stands in a worker of Spark, without Spark: the order of claims, the policy that travels as text."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest

from lab.forms import DERIVED, STAYS, bills_of, changed, cut, random_claims, replaced, single_form
from openyibao.lab.claims import ClaimColumnError
from openyibao.lab.spark import _partition_settler, compiled_settler, in_one_order
from openyibao.policy.write import write_policy

CLAIMS = random_claims(STAYS, 300, 8)


def test_pyspark_is_not_needed_to_import() -> None:
    script = "import sys; sys.modules['pyspark'] = None; import openyibao.lab.spark; print('pandas' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    assert done.stdout == "False\n", done.stderr


@pytest.mark.parametrize("policy", [STAYS, DERIVED], ids=["stays", "derived"])
def test_a_partition_is_settled_from_the_text_of_the_policy(policy: object) -> None:
    claims = CLAIMS if policy is STAYS else random_claims(DERIVED, 300, 8)
    settle = _partition_settler(write_policy(claims.policy, "json"))
    expected = single_form(claims)
    assert bills_of(settle(cut(claims.batch, 100)), expected) == expected


def test_a_policy_is_compiled_once_in_a_process() -> None:
    text = write_policy(STAYS, "json")
    assert compiled_settler(text) is compiled_settler(str(text))


@pytest.mark.parametrize("size", [1, 2, 10**6])
def test_batches_in_order_go_through(size: int) -> None:
    batches = cut(CLAIMS.batch, size)
    assert list(in_one_order([batches[0].slice(0, 0), *batches])) == [batches[0].slice(0, 0), *batches]


@pytest.mark.parametrize("size", [1, 2, 10**6])
def test_two_claims_that_have_no_order(size: int) -> None:
    """Also where a batch ends between them."""
    row = int(np.flatnonzero(np.diff(CLAIMS.columns["person"]) == 0)[20])
    twice = CLAIMS.batch.take(pa.array(np.sort([*range(CLAIMS.rows), row])))
    with pytest.raises(ClaimColumnError, match=f"has two claims {row} settled on "):
        list(in_one_order(cut(twice, size)))
    with pytest.raises(ClaimColumnError, match="no `claim`"):
        list(in_one_order(cut(changed(CLAIMS.batch, "claim", row, None), size)))
    text = pa.array([f"claim {number}" for number in twice.column("claim").to_pylist()])
    with pytest.raises(ClaimColumnError, match=f"has two claims 'claim {row}' settled on "):
        list(in_one_order(cut(replaced(twice, claim=text), size)))
