"""Mailboxes that sign in by OAuth: consent, tokens that are renewed in time, and refusals in plain words (rule 40)."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlalchemy import select

from helpdesk.infra import blobs, clock, crypto
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.models import Lease
from helpdesk.infra.policy import SYSTEM
from helpdesk.intake.gateway import connect as imap
from helpdesk.intake.models import InboundMessage, IntakeSource
from helpdesk.intake.process.fetch import fetch
from helpdesk.intake.process.watch import with_token
from helpdesk.intake.service import sources
from helpdesk.kernel.errors import ExternalFailure
from helpdesk.outbox import gateway as smtp_gateway
from helpdesk.outbox import grants, process, tokens
from helpdesk.outbox import service as outbox
from helpdesk.outbox.domain import Address
from helpdesk.outbox.models import MailboxGrant, OutgoingMessage
from tests.authorisation import CLIENT_ID, CLIENT_SECRET, AuthorisationServer, running_authorisation_server
from tests.conftest import NOW
from tests.dovecot import running_dovecot
from tests.mails import mail
from tests.slices.conftest import connect
from tests.smtp_sink import OAuthSink, running_smtp_sink
from tests.waiting import eventually

pytestmark = [pytest.mark.usefixtures("rung"), pytest.mark.on_sqlite]


@pytest.fixture
def provider() -> Iterator[AuthorisationServer]:
    with running_authorisation_server() as server:
        yield server


@pytest.fixture
def box(office):
    """A mailbox that is to sign in by OAuth: its id."""
    return connect(auth="oauth", password="", user="support@halden-okoye.example")[0]


def registration(server, **changes):
    return {
        "provider": "other",
        "flow": "authorization_code",
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "authorize_url": f"{server.url}/authorize",
        "token_url": f"{server.url}/token",
        "scope": "mail",
        **changes,
    }


def register(mailbox_id, provider, **changes):
    with unit_of_work() as session:
        grants.register(session, actor=SYSTEM, now=NOW, mailbox_id=mailbox_id, **registration(provider, **changes))


def connected(mailbox_id, provider):
    """Give the mailbox a refresh token that the provider knows."""
    register(mailbox_id, provider)
    provider.refresh_tokens.add("first")
    with unit_of_work() as session:
        grants.get_grant(session, mailbox_id).refresh_token = crypto.seal("first")


def grant_of(mailbox_id):
    with unit_of_work() as session:
        return session.get_one(MailboxGrant, mailbox_id)


def current(mailbox_id, **how):
    return tokens.current(mailbox_id, unit_of_work, clock=clock.now, **how)


def consent_link(page):
    return page.text.partition('<a class="btn primary" href="')[2].partition('"')[0].replace("&amp;", "&")


def give_consent(browser, mailbox_id):
    """Say yes at the provider; return where it sends the browser back to."""
    page = browser.post(f"/settings/mailboxes/{mailbox_id}/oauth/consent")
    answer = httpx.get(consent_link(page), trust_env=False, follow_redirects=False)
    back = urlsplit(answer.headers["Location"])
    return f"{back.path}?{back.query}"


def test_a_person_consents_and_the_tokens_are_kept_sealed(office, sign_in_as, box, provider):
    admin = sign_in_as(office.admin)
    kept = admin.post(f"/settings/mailboxes/{box}/oauth", data=registration(provider))
    back = give_consent(admin, box)

    answer = admin.get(back)

    assert (kept.status_code, answer.status_code) == (303, 303)
    assert "Connected" in admin.get(answer.location).text
    grant = grant_of(box)
    assert crypto.unseal(grant.access_token) in provider.access_tokens
    assert crypto.unseal(grant.refresh_token) in provider.refresh_tokens
    assert CLIENT_SECRET not in (grant.client_secret, grant.access_token)
    assert (grant.pending_state, grant.obtained_at) == ("", NOW)
    assert CLIENT_SECRET not in admin.get(f"/settings/mailboxes/{box}/oauth").text
    assert grant.access_expires_at == NOW + timedelta(hours=1)


def test_the_consent_asks_with_pkce_and_comes_back_to_our_own_address(office, sign_in_as, box, provider):
    admin = sign_in_as(office.admin)
    register(box, provider)

    link = consent_link(admin.post(f"/settings/mailboxes/{box}/oauth/consent"))

    asked = parse_qs(urlsplit(link).query)
    assert asked["redirect_uri"] == ["http://localhost/settings/mailboxes/consent"]
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["login_hint"] == ["support@halden-okoye.example"]


def test_a_consent_counts_once(office, sign_in_as, box, provider):
    admin = sign_in_as(office.admin)
    register(box, provider)
    back = give_consent(admin, box)
    admin.get(back)
    first = grant_of(box).access_token

    again = admin.get(back)

    assert "was not begun here" in admin.get(again.location).text
    assert grant_of(box).access_token == first


def test_a_consent_in_another_browser_or_too_late_or_with_another_state_is_refused(
    office, sign_in_as, box, provider, fixed_clock
):
    admin, other = sign_in_as(office.admin), sign_in_as(office.admin)
    register(box, provider)
    back = give_consent(admin, box)

    other.get(back)
    admin.get("/settings/mailboxes/consent?state=&code=x")
    admin.get("/settings/mailboxes/consent?state=guessed&code=x")
    fixed_clock.advance(minutes=10)
    admin.get(back)

    assert grant_of(box).access_token == ""
    assert provider.asked == []


def test_a_consent_that_was_refused_is_told(office, sign_in_as, box, provider):
    admin = sign_in_as(office.admin)
    register(box, provider)
    state = parse_qs(urlsplit(consent_link(admin.post(f"/settings/mailboxes/{box}/oauth/consent"))).query)["state"][0]

    answer = admin.get(f"/settings/mailboxes/consent?state={state}&error=access_denied&error_description=No")

    assert "says that consent was refused. It said: No" in admin.get(answer.location).text


def test_an_application_signs_in_for_itself(office, sign_in_as, box, provider):
    admin = sign_in_as(office.admin)

    answer = admin.post(f"/settings/mailboxes/{box}/oauth", data=registration(provider, flow="client_credentials"))

    assert answer.location == f"/settings/mailboxes/{box}"
    assert provider.asked[0]["grant_type"] == "client_credentials"
    assert crypto.unseal(grant_of(box).access_token) in provider.access_tokens


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"provider": "google", "flow": "client_credentials"}, "Google lets a person consent only."),
        ({"provider": "microsoft", "flow": "client_credentials"}, "Client credentials need the tenant."),
        ({"provider": "microsoft", "tenant": "a/b"}, "id, or one of its domains"),
        ({"token_url": ""}, "This field is required."),
        ({"token_url": "http://login.example/token"}, "begin with https://"),
        ({"client_id": ""}, "This field is required."),
    ],
)
def test_a_registration_that_cannot_be_is_refused(office, sign_in_as, box, provider, change, says):
    answer = sign_in_as(office.admin).post(f"/settings/mailboxes/{box}/oauth", data=registration(provider, **change))

    assert answer.status_code == 422
    assert says in answer.text


def test_microsofts_addresses_follow_from_the_tenant(office, sign_in_as, box):
    form = {"provider": "microsoft", "flow": "authorization_code", "client_id": "x", "tenant": "acme.example"}

    sign_in_as(office.admin).post(f"/settings/mailboxes/{box}/oauth", data=form)

    grant = grant_of(box)
    assert grant.token_url == "https://login.microsoftonline.com/acme.example/oauth2/v2.0/token"
    assert "IMAP.AccessAsUser.All" in grant.scope


def test_a_token_is_renewed_before_it_ends_and_each_new_refresh_token_is_kept(box, provider, fixed_clock):
    connected(box, provider)

    first = current(box)
    same = current(box)
    fixed_clock.advance(minutes=56)
    second = current(box)

    assert first == same != second
    assert [asked["grant_type"] for asked in provider.asked] == ["refresh_token"] * 2
    assert provider.asked[0]["refresh_token"] == "first"
    assert provider.refresh_tokens == {crypto.unseal(grant_of(box).refresh_token)}


def test_two_who_need_a_token_at_once_ask_once(box, provider, app):
    connected(box, provider)
    provider.gate = threading.Event()
    got = []

    def ask():
        with app.app_context():
            got.append(current(box))

    first = threading.Thread(target=ask)
    first.start()
    eventually(lambda: _is_asking(box))
    with pytest.raises(ExternalFailure, match="Another process is renewing"):
        current(box)
    provider.gate.set()
    first.join(60)

    assert len(provider.asked) == 1
    assert got == [current(box)]


def _is_asking(mailbox_id):
    with unit_of_work() as session:  # only looks: who tries to take it may be before who should have it
        return session.get(Lease, f"grant:{mailbox_id}") is not None


def test_a_refusal_is_counted_told_and_raises_an_alarm_at_the_second(office, sign_in_as, box, provider, fixed_clock):
    connected(box, provider)
    current(box)
    fixed_clock.advance(hours=2)
    admin = sign_in_as(office.admin)
    provider.refuses = ["invalid_grant", "invalid_grant"]

    with pytest.raises(ExternalFailure, match="consent was withdrawn or has expired: connect again"):
        current(box)
    once = admin.get("/desk").text
    with pytest.raises(ExternalFailure):
        current(box)

    assert grant_of(box).failed_refreshes == 2
    assert "The sign-in could not be renewed" not in once
    assert "The sign-in could not be renewed 2 times" in admin.get("/desk").text
    assert "The sign-in could not be renewed" not in sign_in_as(office.technician).get("/desk").text


def test_a_refusal_while_the_old_token_is_good_stops_nothing(box, provider, fixed_clock):
    connected(box, provider)
    first = current(box)
    fixed_clock.advance(minutes=56)
    provider.refuses = ["server_error"]

    assert current(box) == first
    assert grant_of(box).failed_refreshes == 1


def test_a_provider_that_is_away_is_told(box, provider):
    connected(box, provider)
    with unit_of_work() as session:
        grants.get_grant(session, box).token_url = "http://127.0.0.1:1/token"

    with pytest.raises(ExternalFailure, match=r"cannot be asked for a token: .*nothing listens"):
        current(box)


def test_mail_is_read_with_a_token_from_a_shared_mailbox(office, provider):
    with running_dovecot(oauth_url=provider.url) as server:
        account = server.account()
        provider.mailbox = account.user
        mailbox_id, source_id = connect(
            auth="oauth", password="", user=account.user, imap_port=server.port, start_from="all"
        )
        connected(mailbox_id, provider)
        account.deliver(mail(subject="By token"))
        with unit_of_work() as session:
            access = sources.access_of(session.get_one(IntakeSource, source_id))

        with imap(with_token(access)) as folder:
            fetch(source_id, folder, unit_of_work, store=blobs.store(), clock=clock.now)
        provider.access_tokens.clear()
        with pytest.raises(ExternalFailure, match=r"User name or password is wrong|OAuth sign-in was refused"):
            imap(with_token(access)).__enter__()

    with unit_of_work() as session:
        assert list(session.scalars(select(InboundMessage.subject))) == ["By token"]


def queue(mailbox_id, port):
    with unit_of_work() as session:
        session.scalars(select(IntakeSource)).one().mailbox.smtp_port = port
        return outbox.queue(
            session,
            now=NOW,
            mailbox_id=mailbox_id,
            idempotency_key="x",
            purpose="notice",
            about=("work_item", 1),
            to=[Address("Ann", "ann@acme.example")],
            subject="x",
            text="x",
        ).id


def deliver(message_id):
    process.deliver(message_id, unit_of_work, send=smtp_gateway.send, store=blobs.store(), clock=clock.now)
    with unit_of_work() as session:
        return session.get_one(OutgoingMessage, message_id)


def test_mail_waits_while_there_is_no_token_and_is_sent_with_one(box, provider, fixed_clock):
    provider.mailbox = "support@halden-okoye.example"
    with running_smtp_sink(OAuthSink(tokens=provider.access_tokens.get)) as sink:
        message_id = queue(box, sink.port)
        before = deliver(message_id)
        connected(box, provider)
        fixed_clock.advance(minutes=5)
        after = deliver(message_id)

    assert (before.state, before.last_error) == ("queued", "This mailbox has no OAuth registration yet.")
    assert (after.state, after.last_error) == ("sent", "")
    assert len(sink.taken) == 1


def test_a_token_that_the_smtp_server_refuses_is_tried_again_later(box, provider, fixed_clock):
    connected(box, provider)
    with running_smtp_sink(OAuthSink()) as sink:
        after = deliver(queue(box, sink.port))

    assert after.state == "queued"
    assert "The server said: 535 5.7.8 Username and Password not accepted" in after.last_error
