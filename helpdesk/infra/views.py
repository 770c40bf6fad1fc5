"""Routes of the infra slice."""

from flask import Blueprint

bp = Blueprint("infra", __name__)
