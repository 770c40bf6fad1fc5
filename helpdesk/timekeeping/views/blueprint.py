"""The blueprint that the modules beside this one hang their routes on."""

from flask import Blueprint

bp = Blueprint("timekeeping", __name__)
