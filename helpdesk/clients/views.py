"""Routes of the clients slice."""

from flask import Blueprint

bp = Blueprint("clients", __name__)
