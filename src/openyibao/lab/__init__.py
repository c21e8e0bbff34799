"""The lab: populations that claims are drawn from, held against published figures.

A population file says who the insured are and what befalls them (`read_population`); a `Generator` draws its persons
and claims, each person's whole year from (seed, person, file) alone; a `Bridge` puts the claims in the words of a
policy; `calibrate` fits what the file marks as fitted and leaves held-out figures alone.
"""

from openyibao.lab.generate import Generator
from openyibao.lab.nodes import LabFileError
from openyibao.lab.population import Population, population_names
from openyibao.lab.population_read import read_population

__all__ = ["Generator", "LabFileError", "Population", "population_names", "read_population"]
