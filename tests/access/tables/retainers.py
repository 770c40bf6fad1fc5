"""Expected answers of the retainers' routes."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from helpdesk.infra.policy import SYSTEM
from helpdesk.retainers import service
from helpdesk.retainers.models import HoursAsked
from helpdesk.retainers.service import NewTerms, asking
from helpdesk.retainers.service.asking import hash_of
from helpdesk.retainers.service.blocks import NewBlock, add_block
from helpdesk.retainers.service.tiers import TierTerms, add_tier
from tests.access.rows import Row, expect
from tests.builders import Office


def furnish(session: Session, office: Office, now: datetime) -> dict[str, int | str]:
    """Add an agreement with each client."""
    ids = {
        f"{name}_agreement": service.add_agreement(
            session,
            actor=SYSTEM,
            now=now,
            client_id=client.id,
            name="Support",
            starts_on=date(2026, 1, 1),
            terms=NewTerms(allowance_seconds=36000),
        ).id
        for name, client in (("acme", office.acme), ("globex", office.globex))
    }
    block = NewBlock(36000, date(2026, 11, 1), date(2026, 12, 31), note="For the move to the new office")
    add_block(session, actor=SYSTEM, now=now, agreement_id=ids["acme_agreement"], wanted=block, key="1" * 32)
    session.add_all(
        HoursAsked(
            agreement_id=ids[f"{name}_agreement"],
            month=now.date().replace(day=1),
            seconds=18000,
            price_minor=12000,
            most_minor=60000,
            language="en",
            address="bills@acme.example",
            says="Support: the hours of November 2026 are used.\nMore hours in November 2026: 5:00 h",
            says_sha256="",
            token_hash=hash_of(f"{name}-{TOKEN}"),
            asked_at=now,
            expires_at=now + asking.LIFETIME,
            asked_by_id=office.account_manager.id,
        )
        for name in ("acme", "globex")
    )
    ids["tier"] = add_tier(session, actor=SYSTEM, now=now, name="Small", terms=TierTerms("EUR", 18000)).id
    return dict(ids)


TOKEN = "1234567890abcdefghijkl"
MONEY = {"anonymous": 302, "technician": 403, "bookkeeper": 403}
FORM = {
    "client_id": "{acme}",
    "name": "Extra",
    "starts_on": "2026-03-01",
    "hours_per_month": "5",
    "fee_timing": "advance",
}

ROUNDING = {
    "mode": "up",
    "step_minutes": "6",
    "minimum_minutes": "0",
    "grace_seconds": "0",
    "scope": "entry",
    "effective_on": "2026-11-01",
}

CHANGE = {"month": "2026-12", "hours_per_month": "12", "fee_timing": "advance", "at_cap": "warn"}
BLOCK = {"key": "0" * 32, "hours": "5", "valid_from": "2026-11-01", "expires_on": "2026-12-31"}
ALERTS = {"thresholds": "80"}
EVERYBODY = dict.fromkeys(("anonymous", "technician", "account_manager", "rival", "bookkeeper", "manager", "admin"))
ASK = {"month": "2026-11", "hours": "5"}
REVOKE = {"month": "2026-11", "reason": "A mistake"}
REOPEN = {"month": "2026-10", "reason": "Late time"}
WRITE_OFF = {"entry_ids": "1", "reason": "Our mistake"}

ADVICE = {"key": "1", "subject": "Your hours", "text": "Hello"}
TIER = {"name": "Large", "currency": "EUR", "hours_per_month": "40", "fee": "3600", "rollover_months": "1"}
SOLD = {"anonymous": 302, "technician": 403, "bookkeeper": 403, "account_manager": 403, "rival": 403}

ROWS = [
    Row(
        "retainers.tiers",
        "GET",
        "/retainers/tiers",
        expect(**MONEY, account_manager=200, rival=200, manager=200, admin=200),
    ),
    Row("retainers.add_tier", "POST", "/retainers/tiers", expect(**SOLD, manager=303, admin=303), TIER),
    Row("retainers.tier", "GET", "/retainers/tiers/{tier}", expect(**SOLD, manager=200, admin=200)),
    Row("retainers.tier", "GET", "/retainers/tiers/{missing}", expect(**SOLD, manager=404, admin=404)),
    Row("retainers.change_tier", "POST", "/retainers/tiers/{tier}", expect(**SOLD, manager=303, admin=303), TIER),
    Row("retainers.change_tier", "POST", "/retainers/tiers/{missing}", expect(**SOLD, manager=404, admin=404), TIER),
    Row(
        "retainers.board", "GET", "/retainers", expect(**MONEY, account_manager=200, rival=200, manager=200, admin=200)
    ),
    Row(
        "retainers.agreement",
        "GET",
        "/retainers/{acme_agreement}",
        expect(**MONEY, account_manager=200, rival=404, manager=200, admin=200),
    ),
    Row(
        "retainers.agreement",
        "GET",
        "/retainers/{globex_agreement}",
        expect(**MONEY, account_manager=404, rival=200, manager=200, admin=200),
    ),
    Row(
        "retainers.agreement",
        "GET",
        "/retainers/{missing}",
        expect(**MONEY, account_manager=404, rival=404, manager=404, admin=404),
    ),
    Row(
        "retainers.end",
        "POST",
        "/retainers/{acme_agreement}/end",
        expect(**MONEY, account_manager=303, rival=404, manager=303, admin=303),
        form={"month": "2099-12"},
    ),
    Row(
        "retainers.end",
        "POST",
        "/retainers/{globex_agreement}/end",
        expect(**MONEY, account_manager=404, rival=303, manager=303, admin=303),
        form={"month": "2099-12"},
    ),
    Row(
        "retainers.end",
        "POST",
        "/retainers/{missing}/end",
        expect(**MONEY, account_manager=404, rival=404, manager=404, admin=404),
        form={"month": "2099-12"},
    ),
    *(
        Row("retainers.change", method, f"/retainers/{{{name}}}/terms", expect(**MONEY, **answers), form)
        for method, form, right in (("GET", {}, 200), ("POST", CHANGE, 303))
        for name, answers in {
            "acme_agreement": {"account_manager": right, "rival": 404, "manager": right, "admin": right},
            "globex_agreement": {"account_manager": 404, "rival": right, "manager": right, "admin": right},
            "missing": {"account_manager": 404, "rival": 404, "manager": 404, "admin": 404},
        }.items()
    ),
    *(
        Row("retainers.rounding", "GET", f"/retainers/{{{name}}}/rounding", expect(**MONEY, **answers))
        for name, answers in {
            "acme_agreement": {"account_manager": 200, "rival": 404, "manager": 200, "admin": 200},
            "globex_agreement": {"account_manager": 404, "rival": 200, "manager": 200, "admin": 200},
            "missing": {"account_manager": 404, "rival": 404, "manager": 404, "admin": 404},
        }.items()
    ),
    *(
        Row("retainers.set_rounding", "POST", f"/retainers/{{{name}}}/rounding", expect(**MONEY, **answers), ROUNDING)
        for name, answers in {
            "acme_agreement": {"account_manager": 303, "rival": 404, "manager": 303, "admin": 303},
            "globex_agreement": {"account_manager": 404, "rival": 303, "manager": 303, "admin": 303},
            "missing": {"account_manager": 404, "rival": 404, "manager": 404, "admin": 404},
        }.items()
    ),
    *(
        Row(endpoint, method, f"/retainers/{{{name}}}/{path}", expect(**MONEY, **answers), form)
        for endpoint, method, path, form, right in (
            ("retainers.blocks", "GET", "blocks", {}, 200),
            ("retainers.add_block", "POST", "blocks", BLOCK, 303),
            ("retainers.take_back_block", "POST", "blocks/{missing}/take-back", {"reason": "A mistake"}, 404),
        )
        for name, answers in {
            "acme_agreement": {"account_manager": right, "rival": 404, "manager": right, "admin": right},
            "globex_agreement": {"account_manager": 404, "rival": right, "manager": right, "admin": right},
            "missing": {"account_manager": 404, "rival": 404, "manager": 404, "admin": 404},
        }.items()
    ),
    *(
        Row("retainers.statement", "GET", f"/retainers/{{{name}}}/statement.pdf", expect(**MONEY, **answers))
        for name, answers in {
            "acme_agreement": {"account_manager": 200, "rival": 404, "manager": 200, "admin": 200},
            "globex_agreement": {"account_manager": 404, "rival": 200, "manager": 200, "admin": 200},
            "missing": {"account_manager": 404, "rival": 404, "manager": 404, "admin": 404},
        }.items()
    ),
    *(
        Row(endpoint, "POST", f"/retainers/{{{name}}}/{path}", expect(**MONEY, **answers), form)
        for endpoint, path, form in (
            ("retainers.set_statements", "statements", {}),
            ("retainers.mail_statement", "statement", {"month": "2026-10", "ordinal": "1"}),
        )
        for name, answers in {
            "acme_agreement": {"account_manager": 303, "rival": 404, "manager": 303, "admin": 303},
            "globex_agreement": {"account_manager": 404, "rival": 303, "manager": 303, "admin": 303},
            "missing": {"account_manager": 404, "rival": 404, "manager": 404, "admin": 404},
        }.items()
    ),
    *(
        Row("retainers.set_alerts", "POST", f"/retainers/{{{name}}}/alerts", expect(**MONEY, **answers), ALERTS)
        for name, answers in {
            "acme_agreement": {"account_manager": 303, "rival": 404, "manager": 303, "admin": 303},
            "globex_agreement": {"account_manager": 404, "rival": 303, "manager": 303, "admin": 303},
            "missing": {"account_manager": 404, "rival": 404, "manager": 404, "admin": 404},
        }.items()
    ),
    *(
        Row("retainers.reopen", "POST", f"/retainers/{{{name}}}/reopen", expect(**MONEY, **answers), REOPEN)
        for name, answers in {
            "acme_agreement": {"account_manager": 303, "rival": 404, "manager": 303, "admin": 303},
            "globex_agreement": {"account_manager": 404, "rival": 303, "manager": 303, "admin": 303},
            "missing": {"account_manager": 404, "rival": 404, "manager": 404, "admin": 404},
        }.items()
    ),
    *(
        Row("retainers.write_off", "POST", f"/retainers/{{{name}}}/write-off", expect(**MONEY, **answers), WRITE_OFF)
        for name, answers in {
            "acme_agreement": {"account_manager": 303, "rival": 404, "manager": 303, "admin": 303},
            "globex_agreement": {"account_manager": 404, "rival": 303, "manager": 303, "admin": 303},
            "missing": {"account_manager": 404, "rival": 404, "manager": 404, "admin": 404},
        }.items()
    ),
    *(
        Row(
            "retainers.undo_write_off",
            "POST",
            f"/retainers/{{{name}}}/write-off/{{missing}}/undo",
            expect(**MONEY, account_manager=404, rival=404, manager=404, admin=404),
        )
        for name in ("acme_agreement", "globex_agreement", "missing")
    ),
    *(
        Row(endpoint, "POST", f"/retainers/{{{name}}}/{path}", expect(**MONEY, **answers), form)
        for endpoint, path, form in (
            ("retainers.ask_for_hours", "hours", ASK),
            ("retainers.revoke_hours", "hours/{missing}/revoke", REVOKE),
            ("retainers.set_asking", "hours/asking", {"hours": "5"}),
        )
        for name, answers in {
            "acme_agreement": {"account_manager": 303, "rival": 404, "manager": 303, "admin": 303},
            "globex_agreement": {"account_manager": 404, "rival": 303, "manager": 303, "admin": 303},
            "missing": {"account_manager": 404, "rival": 404, "manager": 404, "admin": 404},
        }.items()
    ),
    *(
        Row("retainers.hours", "GET", f"/hours/{token}", expect(**dict.fromkeys(EVERYBODY, answer)))
        for token, answer in ((f"acme-{TOKEN}", 200), (TOKEN, 404))
    ),
    *(
        Row("retainers.answer_hours", "POST", f"/hours/{token}", expect(**dict.fromkeys(EVERYBODY, answer)))
        for token, answer in ((f"acme-{TOKEN}", 422), (TOKEN, 404))
    ),
    *(
        Row("retainers.advice", "GET", f"/retainers/{{{name}}}/advice", expect(**MONEY, **answers))
        for name, answers in {
            "acme_agreement": {"account_manager": 200, "rival": 404, "manager": 200, "admin": 200},
            "globex_agreement": {"account_manager": 404, "rival": 200, "manager": 200, "admin": 200},
            "missing": {"account_manager": 404, "rival": 404, "manager": 404, "admin": 404},
        }.items()
    ),
    *(
        Row("retainers.send_advice", "POST", f"/retainers/{{{name}}}/advice", expect(**MONEY, **answers), ADVICE)
        for name, answers in {
            "acme_agreement": {"account_manager": 303, "rival": 404, "manager": 303, "admin": 303},
            "globex_agreement": {"account_manager": 404, "rival": 303, "manager": 303, "admin": 303},
            "missing": {"account_manager": 404, "rival": 404, "manager": 404, "admin": 404},
        }.items()
    ),
    Row(
        "retainers.new",
        "GET",
        "/retainers/new",
        expect(**MONEY, account_manager=200, rival=200, manager=200, admin=200),
    ),
    Row(
        "retainers.new",
        "POST",
        "/retainers/new",
        expect(**MONEY, account_manager=422, rival=422, manager=422, admin=422),  # as wide as the one there is
        form=FORM,
    ),
]
