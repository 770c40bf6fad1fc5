"""Routes of the timekeeping slice."""

from flask import Blueprint

bp = Blueprint("timekeeping", __name__)
