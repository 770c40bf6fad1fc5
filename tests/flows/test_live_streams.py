"""Streams through the real processes: many browsers on one address, none of them told too much, none too little."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from helpdesk.infra import live
from tests.certificates import make
from tests.running_desk import House, running, token_in
from tests.waiting import eventually

MANY = 24
"""Three times as many browsers as the web has threads."""


class Listener:
    """One stream as a browser reads it."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self.lines = answer.iter_lines()
        self.last_id = 0

    def next_topic(self) -> str:
        """Return the topic of the next event; ``""`` where the stream has ended."""
        topic = ""
        for line in self.lines:
            field, _, value = line.partition(": ")
            if field == "id":
                self.last_id = int(value)
            if field == "event":
                topic = value
            if line == "" and topic not in {"", "beat"}:
                return topic
        return ""

    def topics_until(self, last: str) -> list[str]:
        topics = [self.next_topic()]
        while topics[-1] not in {last, ""}:
            topics.append(self.next_topic())
        return topics


@contextmanager
def listening(browser: httpx.Client, *, after: int) -> Iterator[Listener]:
    with browser.stream("GET", "/live/stream", headers={"Last-Event-ID": str(after)}) as answer:
        assert (answer.status_code, answer.headers["content-type"][:17]) == (200, "text/event-stream")
        yield Listener(answer)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> Iterator[House]:
    with running(tmp_path_factory.mktemp("live"), migrated=migrated_file) as started:
        yield started


def test_many_browsers_hear_what_is_theirs_while_pages_are_served(house: House) -> None:
    mine = [house.browser("technician") for _each in range(4)]
    start = house.newest()
    with ExitStack() as stack:
        streams = [stack.enter_context(listening(mine[number % 4], after=start)) for number in range(MANY)]
        rivals = stack.enter_context(listening(house.browser("rival"), after=start))

        page = mine[0].get(f"/items/{house.office.acme_ticket.number}").text
        form = {"csrf_token": token_in(page), "number": house.office.acme_ticket.number, "next": "/desk"}
        started = mine[0].post("/timer/start", data=form).status_code
        house.publish(live.to_item(house.office.globex_ticket.id), "secret")
        house.publish(live.DESK, "end")

        assert started == 303
        assert [stream.topics_until("end") for stream in streams] == [["timer", "item", "end"]] * MANY
        assert rivals.topics_until("end") == ["item", "secret", "end"]


def test_nothing_is_lost_where_the_event_process_is_killed_and_the_stream_taken_up_again(house: House) -> None:
    browser = house.browser("technician")
    with listening(browser, after=house.newest()) as stream:
        house.publish(live.DESK, "before")
        heard = [stream.next_topic()]
        os.kill(house.pid_of("live"), signal.SIGKILL)
        for number in range(5):
            house.publish(live.DESK, f"meanwhile {number}")
        heard += stream.topics_until("")
        last_id = stream.last_id

    again = eventually(lambda: stream_again(browser, last_id))
    assert again is not None
    house.publish(live.DESK, "end")
    heard += Listener(again).topics_until("end")
    again.close()

    assert heard == ["before", "", *(f"meanwhile {number}" for number in range(5)), "end"]


def stream_again(browser: httpx.Client, after: int) -> httpx.Response | None:
    """Return the stream, or None while nobody takes it: the web says 503 then, or what had taken it ends with it."""
    request = browser.build_request("GET", "/live/stream", headers={"Last-Event-ID": str(after)})
    try:
        answer = browser.send(request, stream=True)
    except httpx.RemoteProtocolError:
        return None
    if answer.status_code == 200:
        return answer
    assert answer.status_code == 503
    answer.close()
    return None


def test_the_broker_may_go_and_whoever_signs_out_hears_nothing_more(house: House) -> None:
    leaving, staying = house.browser("manager"), house.browser("admin")
    start = house.newest()
    with listening(leaving, after=start) as left, listening(staying, after=start) as stayed:
        os.kill(house.pid_of("broker"), signal.SIGKILL)
        house.publish(live.DESK, "without a broker")
        both = (left.next_topic(), stayed.next_topic())
        page = leaving.get("/desk").text
        assert leaving.post("/sign-out", data={"csrf_token": token_in(page)}).status_code == 303
        house.publish(live.DESK, "after the sign-out")

        assert both == ("without a broker", "without a broker")
        assert (left.next_topic(), stayed.next_topic()) == ("", "after the sign-out")


def test_a_stream_comes_through_where_helpdesk_itself_speaks_tls(tmp_path: Path, migrated_file: Path) -> None:
    certificate = make(tmp_path / "tls")
    arguments = ("--tls-cert", str(certificate.chain), "--tls-key", str(certificate.key))
    with running(tmp_path, *arguments, migrated=migrated_file) as secure:
        browser, start = secure.browser("technician"), secure.newest()
        with listening(browser, after=start) as stream, listening(browser, after=start) as second:
            secure.publish(live.DESK, "first")
            first = (stream.next_topic(), second.next_topic())
            os.kill(secure.pid_of("live"), signal.SIGKILL)
            ended = stream.next_topic()

    assert first == ("first", "first")
    assert ended == ""
