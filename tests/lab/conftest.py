"""The population of XX District, and its whole people and claims, made once."""

from __future__ import annotations

import pytest

from openyibao.lab import Generator, Population, read_population
from openyibao.lab.layout import Columns, People


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
