"""The lab: what a policy does to a whole population, real or made."""
