"""The blueprint that the modules of these routes share."""

from flask import Blueprint
from werkzeug.wrappers import Response as BaseResponse

bp = Blueprint("invoicing", __name__)

Answer = str | BaseResponse | tuple[str, int]
