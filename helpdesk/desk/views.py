"""Routes of the desk slice."""

from flask import Blueprint

bp = Blueprint("desk", __name__)
