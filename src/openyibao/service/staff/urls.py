"""The addresses of the staff API, from the list of routes."""

from __future__ import annotations

from django.urls import URLPattern, path

from openyibao.service.staff import (  # noqa: F401  (each puts its routes on the list)
    clearing_views,
    institution_views,
    ledger_views,
    organisation_views,
    own_views,
    people_views,
    proposal_views,
    reconciliation_views,
    regional_views,
    reimbursement_views,
    session,
    voice_views,
)
from openyibao.service.staff.routes import ROUTES, Route
from openyibao.service.staff.serve import view_of

PREFIX = "api/"


def patterns() -> list[URLPattern]:
    """One address for each path, whatever its methods."""
    by_path: dict[str, dict[str, Route]] = {}
    for one in ROUTES.values():
        by_path.setdefault(one.path, {})[one.method] = one
    # An address without names comes before one with a name at the same place (persons/find, persons/<psn_no>).
    ordered = sorted(by_path, key=lambda one: ("<" in one, one))
    return [path(PREFIX + one, view_of(by_path[one])) for one in ordered]


urlpatterns = patterns()
