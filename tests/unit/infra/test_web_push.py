"""What is sent by push services is sealed as RFC 8291 says, whose example stands here, and signed as RFC 8292 says."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256
from flask import Flask

from helpdesk.infra import web_push
from helpdesk.infra.web_push import Browser
from helpdesk.kernel.errors import RuleViolation

UA_PUBLIC = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
EXAMPLE = Browser("https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV", UA_PUBLIC, "BTBZMqHH6r4Tts7J_aSIgg")
AS_PRIVATE = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl"
    "7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)
NOW = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)


def raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@pytest.fixture
def app():
    app = Flask(__name__)
    app.config["SECRET_KEY"] = bytes(range(32))
    with app.app_context():
        yield app


def test_the_example_of_the_standard_comes_out_byte_by_byte():
    key = ec.derive_private_key(int.from_bytes(raw(AS_PRIVATE), "big"), ec.SECP256R1())

    body = web_push.sealed(b"When I grow up, I want to be a watermelon", EXAMPLE, salt=raw(SALT), key=key)

    assert body == raw(BODY)


@pytest.mark.usefixtures("app")
def test_we_sign_for_that_service_alone_and_for_half_a_day():
    headers = web_push.headers(
        EXAMPLE, contact="https://desk.example", lifetime=timedelta(days=1), urgent=True, now=NOW
    )

    scheme, token, key = headers["Authorization"].replace(",", "").split()
    head, claims, signature = token.removeprefix("t=").split(".")
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw(key.removeprefix("k=")))
    r, s = raw(signature)[:32], raw(signature)[32:]
    der = utils.encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))
    public.verify(der, f"{head}.{claims}".encode(), ec.ECDSA(SHA256()))
    assert scheme == "vapid"
    assert json.loads(raw(head)) == {"typ": "JWT", "alg": "ES256"}
    assert json.loads(raw(claims)) == {
        "aud": "https://push.example.net",
        "exp": int(NOW.timestamp()) + 12 * 3600,
        "sub": "https://desk.example",
    }
    assert (headers["TTL"], headers["Urgency"], headers["Content-Encoding"]) == ("86400", "high", "aes128gcm")
    assert key == f"k={web_push.public_key()}"


@pytest.mark.parametrize(
    "browser",
    [
        Browser("http://push.example.net/x", UA_PUBLIC, EXAMPLE.auth),
        Browser("push", UA_PUBLIC, EXAMPLE.auth),
        Browser("https://[::1", UA_PUBLIC, EXAMPLE.auth),
        Browser(EXAMPLE.endpoint, "", EXAMPLE.auth),
        Browser(EXAMPLE.endpoint, UA_PUBLIC[:-4] + "AAAA", EXAMPLE.auth),
        Browser(EXAMPLE.endpoint, UA_PUBLIC + "!", EXAMPLE.auth),
        Browser(EXAMPLE.endpoint, UA_PUBLIC, "BTBZ"),
        Browser(EXAMPLE.endpoint, UA_PUBLIC, "ä" * 22),
    ],
)
def test_a_browser_that_cannot_be_written_to_is_refused(browser):
    with pytest.raises(RuleViolation, match="did not say how it is reached"):
        web_push.checked(browser)
    assert web_push.checked(EXAMPLE) == EXAMPLE
