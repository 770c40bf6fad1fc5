"""Routes of the intake slice."""

from flask import Blueprint

bp = Blueprint("intake", __name__)
