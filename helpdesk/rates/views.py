"""Routes of the rates slice."""

from flask import Blueprint

bp = Blueprint("rates", __name__)
