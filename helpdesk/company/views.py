"""Routes of the company slice."""

from flask import Blueprint

bp = Blueprint("company", __name__)
