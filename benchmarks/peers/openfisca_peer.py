"""The rules of the policy in OpenFisca (see `engine_model.py`); needs openfisca-core."""

from __future__ import annotations

import argparse

import clock
import engine_model
from openfisca_core.entities import build_entity
from openfisca_core.indexed_enums import ENUM_ARRAY_DTYPE, Enum, EnumArray
from openfisca_core.periods import DateUnit
from openfisca_core.simulations import SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

ENGINE = engine_model.Engine(
    variable=Variable,
    enum=Enum,
    enum_array=EnumArray,
    enum_type=ENUM_ARRAY_DTYPE,
    build_entity=build_entity,
    system=TaxBenefitSystem,
    builder=SimulationBuilder,
    day=DateUnit.DAY,
    year=DateUnit.YEAR,
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    clock.add_arguments(parser, tuple(engine_model.VARIANTS))
    given = parser.parse_args()
    clock.race(given, lambda: engine_model.make(ENGINE, given.folder, given.variant))


if __name__ == "__main__":
    main()
