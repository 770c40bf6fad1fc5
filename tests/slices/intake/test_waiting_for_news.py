"""A server's line may come in two parts, or with what it said before: neither hides news, nor ends the wait."""

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
from imapclient import IMAPClient

from helpdesk.intake.gateway import Folder
from helpdesk.kernel.errors import ExternalFailure

MOMENT = threading.Event()


def serve(listener: socket.socket, answers: Sequence[bytes]) -> None:
    """Answer one client: to IDLE with ``answers``, one after the other, and then with the end if the last is empty."""
    client, _address = listener.accept()
    with client, client.makefile("rb") as asked:
        client.sendall(b"* PREAUTH [CAPABILITY IMAP4rev1 IDLE] ready\r\n")
        last = b""
        for line in asked:
            tag, _space, command = line.strip().partition(b" ")
            if command == b"IDLE":
                last = tag
                for answer in answers:
                    client.sendall(answer)
                    MOMENT.wait(0.1)  # so that the next part is another one
                    if not answer:
                        client.shutdown(socket.SHUT_WR)
            else:
                told = b"* CAPABILITY IMAP4rev1 IDLE\r\n" if command == b"CAPABILITY" else b""
                client.sendall(told + b"%s OK done\r\n" % (last if tag == b"DONE" else tag))


@contextmanager
def waiting(*answers: bytes) -> Iterator[Folder]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=serve, args=(listener, answers))
        server.start()
        client = IMAPClient("127.0.0.1", listener.getsockname()[1], ssl=False, timeout=10)
        try:
            yield Folder(client, "INBOX")
        finally:
            client.shutdown()
            server.join()


@pytest.mark.parametrize(
    "answers",
    [(b"+ idling\r\n", b"* 5 EXI", b"STS\r\n"), (b"+ idling\r\n* 5 EXISTS\r\n",), (b"+ idling\r\n* 5 EX", b"ISTS\r\n")],
    ids=["in two parts", "in the same breath", "both"],
)
def test_a_line_is_news_however_it_comes_and_the_connection_goes_on(answers):
    with waiting(*answers) as folder:
        with folder.idle() as news:
            told = news(10)
        with folder.idle() as news:
            told_again = news(10)

    assert (told, told_again) == (True, True)


def test_a_wait_without_news_ends_after_its_time():
    with waiting(b"+ idling\r\n") as folder, folder.idle() as news:
        assert news(0.01) is False


def test_a_server_that_hangs_up_while_we_wait_is_noticed_at_once():
    def wait() -> None:
        with waiting(b"+ idling\r\n", b"") as folder, folder.idle() as news:
            news(10)

    with pytest.raises(ExternalFailure, match="The mail server closed the connection"):
        wait()
