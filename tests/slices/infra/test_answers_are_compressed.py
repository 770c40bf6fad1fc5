"""Pages and static files go out compressed where the browser takes that, and are the same as those that do not."""

import gzip
import re

import pytest

GZIP = {"Accept-Encoding": "gzip, deflate, br"}
FIRST_LOAD_BYTES, LATER_PAGE_BYTES = 150_000, 30_000
LOADED = re.compile(r'(?:href|src)="(/static/[^"#]+)[^"]*"')


def without_what_is_new_each_time(page: str) -> str:
    new = r'name="form_key" value="[^"]*"|nonce="[^"]*"|value="[^"]{60,}"|content="[^"]{60,}"|data-token="[^"]*"'
    return re.sub(new + r'|"X-CSRFToken": "[^"]*"', "", page)


def test_the_queue_is_loaded_with_little_and_all_that_came_is_what_it_would_be_uncompressed(office, sign_in_as):
    browser = sign_in_as(office.technician)
    plain, packed = browser.get("/desk").text, browser.get("/desk", headers=GZIP)
    page, addresses = gzip.decompress(packed.data).decode(), sorted(set(LOADED.findall(plain)))

    sizes = {"/desk": len(packed.data)}
    for address in addresses:
        with browser.get(address) as whole, browser.get(address, headers=GZIP) as small:
            bare, _packed = whole.data, small.data
        unpacked = gzip.decompress(small.data) if small.content_encoding == "gzip" else small.data
        assert (unpacked, small.content_length, small.vary.as_set()) == (bare, len(small.data), {"accept-encoding"})
        sizes[address] = len(small.data)

    assert without_what_is_new_each_time(page) == without_what_is_new_each_time(plain)
    assert (packed.content_encoding, packed.content_length) == ("gzip", len(packed.data))
    assert len(addresses) >= 10
    assert sizes["/desk"] <= LATER_PAGE_BYTES
    assert sum(sizes.values()) <= FIRST_LOAD_BYTES


@pytest.mark.parametrize(
    ("path", "asks"),
    [
        ("/static/app.js", {}),
        ("/static/app.js", {"Accept-Encoding": "gzip;q=0, br"}),
        ("/static/app.js", {**GZIP, "Range": "bytes=0-99"}),
        ("/static/pocket/icon-192.png", GZIP),
        ("/live/stream", GZIP),
    ],
    ids=["not asked for", "refused", "a part", "a picture", "nothing"],
)
def test_what_may_not_be_or_would_not_shrink_goes_out_as_it_is(office, sign_in_as, path, asks):
    with sign_in_as(office.technician).get(path, headers=asks) as answer:
        assert answer.content_encoding is None


def test_a_file_that_a_browser_has_is_not_sent_again(stranger):
    with stranger.get("/static/app.js", headers=GZIP) as first:
        etag = first.headers["ETag"]

    with stranger.get("/static/app.js", headers={**GZIP, "If-None-Match": etag}) as again:
        assert (again.status_code, again.data) == (304, b"")
    assert etag.startswith("W/")
