"""The rules of the policy in PolicyEngine (see `engine_model.py`); needs policyengine-core."""

from __future__ import annotations

import argparse

import clock
import engine_model
from policyengine_core.entities import build_entity
from policyengine_core.enums import ENUM_ARRAY_DTYPE, Enum, EnumArray
from policyengine_core.periods import DAY, YEAR
from policyengine_core.simulations.simulation_builder import SimulationBuilder
from policyengine_core.taxbenefitsystems import TaxBenefitSystem
from policyengine_core.variables import Variable

ENGINE = engine_model.Engine(
    variable=Variable,
    enum=Enum,
    enum_array=EnumArray,
    enum_type=ENUM_ARRAY_DTYPE,
    build_entity=build_entity,
    system=TaxBenefitSystem,
    builder=SimulationBuilder,
    day=DAY,
    year=YEAR,
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    clock.add_arguments(parser, tuple(engine_model.VARIANTS))
    given = parser.parse_args()
    clock.race(given, lambda: engine_model.make(ENGINE, given.folder, given.variant))


if __name__ == "__main__":
    main()
