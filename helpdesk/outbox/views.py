"""Routes of the outbox slice."""

from flask import Blueprint

bp = Blueprint("outbox", __name__)
