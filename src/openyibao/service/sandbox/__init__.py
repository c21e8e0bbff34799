"""The sandbox: a fictional county and a district of Chongqing with documented persons, for programmers of hospitals."""
