"""OAuth 2: asking an authorisation server for tokens, and the address where consent is given (RFC 6749, RFC 7636)."""

import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx

from helpdesk.kernel.errors import ExternalFailure
from helpdesk.outbox.diagnosis import reaching, said, token_refusal
from helpdesk.outbox.providers import CREDENTIALS, GOOGLE, NAMES

if TYPE_CHECKING:
    from authlib.integrations.httpx_client import OAuth2Client

TIMEOUT_SECONDS = 15
DEFAULT_LIFETIME_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Registration:
    """Our application as the provider knows it, and the last refresh token, where there is one."""

    provider: str
    flow: str
    client_id: str
    client_secret: str = field(repr=False)
    authorize_url: str
    token_url: str
    scope: str
    refresh_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Tokens:
    """What was given; an empty ``refresh_token`` means that the one before stays good."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    lifetime_seconds: int


def consent_url(registration: Registration, *, state: str, verifier: str, redirect_uri: str, login_hint: str) -> str:
    """Return the address where a person consents, with PKCE (S256); a refresh token is asked for."""
    more = {"access_type": "offline", "prompt": "consent"} if registration.provider == GOOGLE else {}
    with _client(registration) as client:
        url, _ = client.create_authorization_url(
            registration.authorize_url,
            state=state,
            code_verifier=verifier,
            redirect_uri=redirect_uri,
            login_hint=login_hint,
            **more,
        )
    return str(url)


def exchange(registration: Registration, *, code: str, verifier: str, redirect_uri: str) -> Tokens:
    """Return the tokens for a code that came back from the consent.

    Raises:
        ExternalFailure: the server refused or cannot be reached; the message says why in plain words.
    """
    return _ask(
        registration, grant_type="authorization_code", code=code, code_verifier=verifier, redirect_uri=redirect_uri
    )


def renew(registration: Registration) -> Tokens:
    """Return fresh tokens, by the refresh token or by the application's own credentials.

    Raises:
        ExternalFailure: as above; also where nobody has consented yet.
    """
    if registration.flow == CREDENTIALS:
        return _ask(registration, grant_type="client_credentials", scope=registration.scope)
    if not registration.refresh_token:
        message = "Nobody has given consent yet: connect on the page of the mailbox."
        raise ExternalFailure(message)
    return _ask(registration, grant_type="refresh_token", refresh_token=registration.refresh_token)


def _ask(registration: Registration, **body: str) -> Tokens:
    from authlib.integrations.base_client import OAuthError  # noqa: PLC0415 - loaded where it is used, for its size

    name = NAMES[registration.provider]
    try:
        with _client(registration) as client:
            answer = client.fetch_token(registration.token_url, **body)
    except OAuthError as error:
        raise ExternalFailure(token_refusal(name, error.error or "", error.description or "")) from error
    except httpx.HTTPStatusError as error:
        raise ExternalFailure(token_refusal(name, f"HTTP {error.response.status_code}", "")) from error
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        host = httpx.URL(registration.token_url).host
        message = f"{name} cannot be asked for a token: {reaching(_cause(error), host=host, port=443)}"
        raise ExternalFailure(message) from error
    except ValueError as error:
        message = f"{name} gave an answer that is no token: {said(error)}"
        raise ExternalFailure(message) from error
    return _tokens(name, answer)


def _cause(error: BaseException) -> BaseException:
    """Return what lies at the bottom of the library's exceptions: it says more."""
    while (below := error.__cause__ or error.__context__) is not None:
        error = below
    return TimeoutError() if isinstance(error, httpx.TimeoutException) else error


def _tokens(name: str, answer: dict[str, object]) -> Tokens:
    access_token = answer.get("access_token")
    if not isinstance(access_token, str) or not access_token:
        raise ExternalFailure(token_refusal(name, "no access token", ""))
    lifetime = answer.get("expires_in")
    return Tokens(
        access_token=access_token,
        refresh_token=str(answer.get("refresh_token") or ""),
        lifetime_seconds=int(str(lifetime)) if str(lifetime).isdigit() else DEFAULT_LIFETIME_SECONDS,
    )


def _client(registration: Registration) -> "OAuth2Client":
    from authlib.deprecate import AuthlibDeprecationWarning  # noqa: PLC0415 - loaded where it is used, for its size

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AuthlibDeprecationWarning)  # it announces another HTTP library than ours
        from authlib.integrations.httpx_client import OAuth2Client  # noqa: PLC0415 - as above
    return OAuth2Client(
        client_id=registration.client_id,
        client_secret=registration.client_secret or None,
        token_endpoint_auth_method="client_secret_post" if registration.client_secret else "none",
        scope=registration.scope,
        code_challenge_method="S256",
        timeout=TIMEOUT_SECONDS,
        trust_env=False,
        follow_redirects=False,
    )
