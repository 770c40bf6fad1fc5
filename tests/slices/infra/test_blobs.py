"""Files by their hash: stored once, whole or not at all; what no row knows is swept (invariant 10)."""

import os
from datetime import timedelta

import pytest

from helpdesk.infra import blobs, failpoints
from helpdesk.infra.blobs import ORPHAN_AGE, BlobStore
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.files import Staged
from helpdesk.kernel.errors import ExternalFailure, NotFound
from tests.conftest import NOW
from workers import jobs

LATER = NOW + ORPHAN_AGE + timedelta(seconds=1)


def files(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def put_long_ago(store, content):
    digest = store.put(content)
    os.utime(store.path_of(digest), (NOW.timestamp(), NOW.timestamp()))
    return digest


def test_the_same_bytes_are_stored_once_under_their_hash(tmp_path):
    store = BlobStore(tmp_path)

    digests = {store.put(b"label printer"), store.put(b"label printer")}

    assert len(digests) == 1
    assert files(tmp_path) == list(digests)
    assert store.get(digests.pop()) == b"label printer"


def test_a_missing_file_is_not_found(tmp_path):
    with pytest.raises(NotFound):
        BlobStore(tmp_path).get("0" * 64)


def test_a_full_disk_is_said_in_words_and_leaves_nothing_behind(tmp_path, monkeypatch):
    orders = tmp_path / "orders"
    orders.mkdir()
    (orders / "storing").write_text("full")
    monkeypatch.setattr(failpoints, "_folder", str(orders))
    store = BlobStore(tmp_path / "files")

    with pytest.raises(ExternalFailure, match="could not be stored: No space left on device"):
        store.put(b"label printer")

    assert files(store.root) == []


def test_what_is_staged_is_found_once_it_is_settled_and_not_before(tmp_path):
    store = BlobStore(tmp_path)
    known = store.put(b"known")

    staged = [store.stage(content) for content in (b"one", b"two", b"one", b"known")]

    for one in staged[:3]:
        with pytest.raises(NotFound):
            store.get(one.digest)
    store.settle(staged)
    assert [store.get(one.digest) for one in staged] == [b"one", b"two", b"one", b"known"]
    assert files(tmp_path) == sorted({one.digest for one in staged} | {known})


def test_of_what_cannot_be_settled_nothing_is_left_but_what_was_stored_before(tmp_path):
    store = BlobStore(tmp_path)
    known = store.put(b"known")
    gone, other = store.stage(b"gone"), store.stage(b"other")
    (next(path for path in tmp_path.rglob(f"*{gone.token}*"))).unlink()

    with pytest.raises(ExternalFailure, match="could not be stored: No such file"):
        store.settle([gone, other, Staged(known)])
    for names in (Staged("../" * 20 + "etc/passwd"), Staged(known, "../../elsewhere")):
        with pytest.raises(ValueError, match="names no file"):
            store.settle([names])

    assert files(tmp_path) == [known]


def test_the_sweep_removes_what_no_row_knows_once_it_is_old(tmp_path):
    store = BlobStore(tmp_path)
    known, orphan = put_long_ago(store, b"known"), put_long_ago(store, b"orphan")
    half = store.path_of(orphan).with_name(".0123456789abcdef.part")
    half.write_bytes(b"half")
    os.utime(half, (NOW.timestamp(), NOW.timestamp()))

    early = store.sweep(lambda digests: {known} & set(digests), now=NOW)
    late = store.sweep(lambda digests: {known} & set(digests), now=LATER)

    assert (early, late) == (0, 2)
    assert files(tmp_path) == [known]


def test_a_file_that_is_stored_again_while_it_is_swept_stays(tmp_path):
    store = BlobStore(tmp_path)
    digest = put_long_ago(store, b"orphan")
    asked = []

    def known(digests):
        asked.append(set(digests))
        if len(asked) == 1:
            store.put(b"orphan")
        return set()

    assert store.sweep(known, now=LATER) == 0
    assert files(tmp_path) == [digest]


def test_a_file_whose_row_comes_while_it_is_swept_stays(tmp_path):
    store = BlobStore(tmp_path)
    digest = put_long_ago(store, b"orphan")
    answers = [set(), {digest}]

    assert store.sweep(lambda _digests: answers.pop(0), now=LATER) == 0
    assert files(tmp_path) == [digest]


def test_the_job_asks_the_rows(app, rung, fixed_clock):
    store = blobs.store()
    known, _orphan = put_long_ago(store, b"known"), put_long_ago(store, b"orphan")
    with unit_of_work() as session:
        blobs.record(session, digest=known, size_bytes=5, now=NOW)
    fixed_clock.now = LATER

    jobs.sweep_files()

    assert files(store.root) == [known]
