"""Files by their hash: stored once, whole or not at all (invariant 10)."""

import pytest

from helpdesk.infra.blobs import BlobStore
from helpdesk.kernel.errors import NotFound


def test_the_same_bytes_are_stored_once_under_their_hash(tmp_path):
    store = BlobStore(tmp_path)

    digests = {store.put(b"label printer"), store.put(b"label printer")}

    assert len(digests) == 1
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == list(digests)
    assert store.get(digests.pop()) == b"label printer"


def test_a_missing_file_is_not_found(tmp_path):
    with pytest.raises(NotFound):
        BlobStore(tmp_path).get("0" * 64)
