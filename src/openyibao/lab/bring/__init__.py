"""Data of one's own for the lab: claims in national field names, and survey microdata through a mapping file.

bring_claims(policy, source, target)      a table of claims -> Parquet columns of the lab, rejects with reasons
policy_columns(rule, claims, facts)       columns of the lab -> what `RowRule.settle` takes
read_mapping(path), read_people(...)      a survey file and its mapping -> people, with a report
survey_claims(people, year, assumed)      people -> claims, under stated assumptions
"""

from openyibao.lab.bring.claims import Brought, bring_claims, persons_path
from openyibao.lab.bring.columns import policy_columns
from openyibao.lab.bring.mapping import find_mapping, read_mapping
from openyibao.lab.bring.survey import read_people
from openyibao.lab.bring.visits import survey_claims

__all__ = [
    "Brought",
    "bring_claims",
    "find_mapping",
    "persons_path",
    "policy_columns",
    "read_mapping",
    "read_people",
    "survey_claims",
]
