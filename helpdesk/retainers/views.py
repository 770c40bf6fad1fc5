"""Routes of the retainers slice."""

from flask import Blueprint

bp = Blueprint("retainers", __name__)
