"""The blueprint that the modules beside this one hang their routes on, and who plans."""

from flask import Blueprint

from helpdesk.infra.policy import RETAINERS

bp = Blueprint("projects", __name__)

PLANNERS = RETAINERS
"""Who agrees with a client on what is done."""
