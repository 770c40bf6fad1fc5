"""The blueprint that the modules beside this one hang their routes on, and who may enter."""

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue

from helpdesk.infra.policy import CLIENTS_EDIT

bp = Blueprint("imports", __name__)

IMPORTERS = CLIENTS_EDIT
"""Whoever may edit clients and projects, make work types and write time for others: administrators and managers."""


def to_import(import_id: int) -> ResponseReturnValue:
    """Lead to the page of an import."""
    return redirect(url_for("imports.show", import_id=import_id), code=303)
