"""The population of XX District, and its whole people and claims, made once.

The files beside this one import each other, and those of other folders, by the names of folders: no package.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from openyibao.lab import Generator, Population, read_population
from openyibao.lab.layout import Columns, People

sys.path.insert(0, str(Path(__file__).parent.parent))


@pytest.fixture(scope="session")
def district() -> Population:
    return read_population("xx-district-2013")


@pytest.fixture(scope="session")
def generator(district: Population) -> Generator:
    return Generator(district)


@pytest.fixture(scope="session")
def claims(generator: Generator) -> Columns:
    return generator.claims(0, generator.persons)


@pytest.fixture(scope="session")
def people(generator: Generator) -> People:
    return generator.people(0, generator.persons)
