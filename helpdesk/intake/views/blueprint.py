"""The blueprint that the modules beside this one hang their routes on."""

from flask import Blueprint

bp = Blueprint("intake", __name__)
