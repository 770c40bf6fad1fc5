"""Routes of the invoicing slice."""

from flask import Blueprint

bp = Blueprint("invoicing", __name__)
