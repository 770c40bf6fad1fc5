"""Pictures that strangers sent are drawn anew, whole or not at all."""

import io

import pytest
from PIL import Image, ImageFile

from helpdesk.tickets.render import redraw


def picture(kind: str) -> bytes:
    output = io.BytesIO()
    Image.effect_noise((64, 64), 80).convert("RGB").save(output, kind)
    return output.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_half_a_picture_is_none_even_where_a_library_taught_pillow_to_draw_such_ones(kind, monkeypatch):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    whole = picture(kind)

    drawn = [redraw(content) is not None for content in (whole, whole[: len(whole) // 2])]

    assert drawn == [True, False]
    assert ImageFile.LOAD_TRUNCATED_IMAGES
