"""Catalogues: what the funds cover, item by item, and how a fee line is split by it.

read_catalogue(path) -> Catalogue                         every problem of a file at once, as FileError
find_catalogue(id) -> Path                                one that comes with the package, or a file of your own
split_lines(catalogue, lines, facts_on) -> (SplitLine...) fee lines in their four parts, to the fen
line_data(catalogue, split) -> dict                       why, as data from which the sums can be redone
line_text(catalogue, split, lang) -> str                  why, as one sentence in Chinese or English
"""

from openyibao.catalogue.explain import line_data, line_text
from openyibao.catalogue.library import CatalogueNotFoundError, catalogue_ids, find_catalogue
from openyibao.catalogue.lines import FeeLine, LineError, LinesError
from openyibao.catalogue.model import Catalogue
from openyibao.catalogue.read import catalogue_of, read_catalogue, read_catalogue_text
from openyibao.catalogue.split import SplitLine, split_lines

__all__ = [
    "Catalogue",
    "CatalogueNotFoundError",
    "FeeLine",
    "LineError",
    "LinesError",
    "SplitLine",
    "catalogue_ids",
    "catalogue_of",
    "find_catalogue",
    "line_data",
    "line_text",
    "read_catalogue",
    "read_catalogue_text",
    "split_lines",
]
